#pragma once

#include <string>
#include <string_view>

namespace gaia::providers {

// The arguments (JSON text) of a call that a tool with this JSON Schema would accept: each required
// property by its type. `parameters` is a validated value of any kind.
std::string plausible_arguments(std::string_view parameters);

}  // namespace gaia::providers
