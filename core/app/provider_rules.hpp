#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/app/environment.hpp"

// What the parts of a provider may look like. Pure; also for providers entered elsewhere.
namespace gaia::app {

inline constexpr std::size_t provider_name_bytes_max = 64;
inline constexpr std::size_t header_bytes_max = 8 * 1024;

// Letters, digits, "-", "_" and "."; no "/", which parts provider and model.
bool is_provider_name(std::string_view name);
// Visible ASCII without spaces; empty is right too.
bool is_credential(std::string_view text);

bool is_header_name(std::string_view name);
bool is_header_value(std::string_view value);
// What frames or steers the connection to the upstream is not the operator's to set.
bool is_reserved_header(const std::string& lower_name);
std::string to_lower(std::string_view text);

// A vendor's address with its ${NAME} parts filled in; nullopt when one is not set or could change
// the meaning of the address.
std::optional<std::string> fill_address(std::string_view text, const environment& env);

}  // namespace gaia::app
