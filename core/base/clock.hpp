#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace gaia {

// Deadlines and durations use the monotonic clock; only what is shown or stored uses wall time.
using steady = std::chrono::steady_clock;

// Wall time in microseconds since 1970-01-01 UTC.
struct unix_micros {
    std::int64_t value = 0;
    friend constexpr auto operator<=>(unix_micros, unix_micros) = default;
};

unix_micros wall_now() noexcept;
// "2026-07-01T12:00:00.123Z"
std::string to_iso8601(unix_micros when);

}  // namespace gaia
