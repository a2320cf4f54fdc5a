#pragma once

#include <string>

#include "core/app/config.hpp"

namespace gaia::app {

// What `gaiarouter check` prints, and its exit code.
struct check_report {
    int exit_code = 0;
    std::string text;  // lines, each with its end
};

// Problems, one a line (exit code 1), or a summary: address, providers, models, warnings (0). Never
// with a credential in it.
check_report report_check(const loaded_configuration& loaded);

// The problems alone, one a line, as `serve` and a reload show them.
std::string list_problems(const std::vector<problem>& problems);

}  // namespace gaia::app
