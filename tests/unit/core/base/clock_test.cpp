#include "core/base/clock.hpp"

#include <catch2/catch.hpp>

using namespace gaia;

TEST_CASE("clock: times are written in UTC with milliseconds", "[base][clock]") {
    const std::pair<std::int64_t, const char*> rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {999, "1970-01-01T00:00:00.000Z"},  // cut, not rounded
        {1'000, "1970-01-01T00:00:00.001Z"},
        {999'999, "1970-01-01T00:00:00.999Z"},
        {1'782'907'200'123'456, "2026-07-01T12:00:00.123Z"},
        {1'709'210'096'000'000, "2024-02-29T12:34:56.000Z"},
        {253'402'300'799'999'999, "9999-12-31T23:59:59.999Z"},
        {0, "1970-01-01T00:00:00.000Z"},  // a second asked for again after others
    };
    for (const auto& [micros, text] : rows) {
        CHECK(to_iso8601(unix_micros{micros}) == text);
    }
    CHECK(wall_now().value > 1'700'000'000'000'000);
}
