#pragma once

#include <string_view>

namespace gaia {

inline constexpr std::string_view version = GAIA_VERSION;

}  // namespace gaia
