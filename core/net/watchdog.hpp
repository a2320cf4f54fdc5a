#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>

#include "core/net/types.hpp"

namespace gaia::net {

class watchdog;

// A coarse deadline (granularity watchdog::tick): calls `fire(owner)` once, on the I/O thread, some
// time after it has passed. Arming is two stores and no system call, so that it can be re-armed for
// each event of a stream. Disarms itself when destroyed.
class deadline {
public:
    using callback = void (*)(void* owner);

    deadline(watchdog& dog, callback fire, void* owner) noexcept;
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;
    ~deadline();

    void arm(std::chrono::milliseconds after);
    void disarm() noexcept;

private:
    friend class watchdog;
    watchdog& dog_;
    callback fire_;
    void* owner_;
    std::chrono::steady_clock::time_point when_{};
    bool linked_ = false;
    bool armed_ = false;
    deadline* previous_ = nullptr;
    deadline* next_ = nullptr;
};

// The deadlines of one I/O thread, and the one timer they share. Lives as long as its io_context.
class watchdog {
public:
    static constexpr std::chrono::milliseconds tick{50};

    explicit watchdog(io_executor executor);
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    // Monotonic, at most a few milliseconds late; cheaper than steady_clock::now().
    static std::chrono::steady_clock::time_point now() noexcept;
    void stop() noexcept;

private:
    friend class deadline;
    void link(deadline& d) noexcept;
    void unlink(deadline& d) noexcept;
    void schedule();
    void run();

    using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                             asio::wait_traits<std::chrono::steady_clock>,
                                             io_executor>;
    timer timer_;
    deadline* first_ = nullptr;
    deadline* cursor_ = nullptr;  // next to visit, so that callbacks may unlink any deadline
    bool scheduled_ = false;
    bool stopped_ = false;
};

}  // namespace gaia::net
