#pragma once

#include <cstdint>
#include <string_view>

namespace gaia::providers {

// Estimated tokens of what the model wrote in a validated message or delta object: text, refusal,
// reasoning and the arguments of tool calls. 0 when there is none. Escapes are counted as they are
// written, which is near enough for an estimate.
std::int64_t output_of(std::string_view message) noexcept;

}  // namespace gaia::providers
