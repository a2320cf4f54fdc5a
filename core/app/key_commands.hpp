#pragma once

#include "core/app/command_line.hpp"

// `gaiarouter keys ...`: beside a running gateway through its control socket, otherwise directly on
// the data folder. Each returns the process's exit code and prints.
namespace gaia::app {

int run(const keys_create_command& wanted, const environment& env);
int run(const keys_list_command& wanted, const environment& env);
int run(const keys_revoke_command& wanted, const environment& env);

}  // namespace gaia::app
