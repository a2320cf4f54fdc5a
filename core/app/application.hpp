#pragma once

#include <memory>
#include <string>

#include "core/app/config.hpp"

namespace gaia::app {

// The composition root of `gaiarouter serve`: constructs every service in order, runs until a
// signal ends it, and takes it apart in the reverse order. Main thread.
class application {
public:
    application(overrides flags, environment env);
    ~application();
    application(const application&) = delete;
    application& operator=(const application&) = delete;

    // The process's exit code. Prints problems of the start on standard error.
    int run();

private:
    struct parts;

    bool load();
    bool open_store();
    bool first_start();
    void build();
    void wait_for_signals();
    void reload();
    int shut_down();

    overrides flags_;
    environment env_;
    std::unique_ptr<parts> parts_;
};

}  // namespace gaia::app
