#pragma once

#include <chrono>
#include <optional>

#include "core/base/error.hpp"
#include "core/net/http_call.hpp"

// Small rules of the relay that are pure.
namespace gaia::relay {

// retry-after-ms, else retry-after in seconds or as an HTTP date is not used (clocks differ).
// Values out of range are for the dialect to clamp; malformed ones are absent.
std::optional<std::chrono::milliseconds> parse_retry_after(const net::call_answer& answer);

// True when the upstream itself said that it did nothing (an error object), so nothing is charged;
// false when its answer was unusable and the work may have been done.
bool is_error_of_upstream(const failure& f) noexcept;

}  // namespace gaia::relay
