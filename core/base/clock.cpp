#include "core/base/clock.hpp"

#include <fmt/format.h>

#include <ctime>

namespace gaia {

unix_micros wall_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return {static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000};
}

std::string to_iso8601(unix_micros when) {
    const auto seconds = static_cast<std::time_t>(when.value / 1'000'000);
    // Log lines ask for the same second thousands of times.
    thread_local std::time_t last_second = -1;
    thread_local std::string last_text;
    if (seconds != last_second) {
        std::tm utc{};
        gmtime_r(&seconds, &utc);
        last_text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.",
                                utc.tm_year + 1900,
                                utc.tm_mon + 1,
                                utc.tm_mday,
                                utc.tm_hour,
                                utc.tm_min,
                                utc.tm_sec);
        last_second = seconds;
    }
    std::string text = last_text;
    const auto millis = static_cast<unsigned>(when.value / 1000 % 1000);
    text.push_back(static_cast<char>('0' + millis / 100));
    text.push_back(static_cast<char>('0' + millis / 10 % 10));
    text.push_back(static_cast<char>('0' + millis % 10));
    text.push_back('Z');
    return text;
}

}  // namespace gaia
