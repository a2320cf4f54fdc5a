#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/app/config.hpp"

// What the command line asks for, as a value. Pure: main executes it.
namespace gaia::app {

struct serve_command {
    overrides flags;
};

struct check_command {
    overrides flags;
};

struct keys_create_command {
    overrides flags;  // config and data only, as for the other commands on keys
    std::string name;
    std::optional<std::chrono::seconds> expires;  // from now
    std::uint8_t permissions = policy::permission_read | policy::permission_write;
    bool json = false;
};

struct keys_list_command {
    overrides flags;
    bool json = false;
};

struct keys_revoke_command {
    overrides flags;
    std::string key;  // an id ("ak_7"), or the beginning of a key as `list` shows it
    bool json = false;
};

struct version_command {};

using command = std::variant<serve_command,
                             check_command,
                             keys_create_command,
                             keys_list_command,
                             keys_revoke_command,
                             version_command>;

// Nothing is to be done but to print and end: help (0, standard output) or a mistake (2, one line
// on standard error).
struct exit_with {
    int code = 0;
    std::string text;  // with its line end
};

std::variant<command, exit_with> parse_command_line(int argc, const char* const* argv);

}  // namespace gaia::app
