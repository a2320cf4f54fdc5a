#include "core/relay/settlement.hpp"

#include <catch2/catch.hpp>

#include "core/relay/relay.hpp"

using namespace gaia;
using namespace std::chrono_literals;

TEST_CASE("settlement: retry-after is a number of seconds, retry-after-ms goes first", "[relay]") {
    struct row {
        const char* seconds;
        const char* ms;
        std::optional<std::chrono::milliseconds> expected;
    };
    const row rows[] = {
        {"", "", std::nullopt},
        {"3", "", 3000ms},
        {"0", "", 0ms},
        {"1.5", "", 1500ms},
        {"3600", "", 3'600'000ms},
        {"3", "250", 250ms},
        {"3", "250.7", 250ms},
        {"3", "soon", 3000ms},
        {"-1", "", std::nullopt},
        {"-0.5", "", std::nullopt},
        {"+3", "", std::nullopt},
        {" 3", "", std::nullopt},
        {"3 ", "", std::nullopt},
        {"3s", "", std::nullopt},
        {"0x3", "", std::nullopt},
        {"nan", "", std::nullopt},
        {"inf", "", std::nullopt},
        {"1e300", "", std::nullopt},
        {"99999999999999999999", "", std::nullopt},
        {"Wed, 21 Oct 2026 07:28:00 GMT", "", std::nullopt},
    };
    for (const auto& row : rows) {
        CAPTURE(row.seconds, row.ms);
        net::call_answer answer;
        answer.retry_after = row.seconds;
        answer.retry_after_ms = row.ms;
        CHECK(relay::parse_retry_after(answer) == row.expected);
    }
    net::call_answer answer;
    answer.retry_after = std::string(10'000, '9');
    CHECK_FALSE(relay::parse_retry_after(answer));
}

TEST_CASE("settlement: only what the upstream itself refused costs nothing", "[relay]") {
    for (const auto what :
         {errc::upstream_broken, errc::stream_interrupted, errc::upstream_timeout}) {
        CHECK_FALSE(relay::is_error_of_upstream(fail(what)));
    }
    for (const auto what : {errc::upstream_rejected,
                            errc::upstream_failed,
                            errc::upstream_overloaded,
                            errc::upstream_rate_limited,
                            errc::upstream_credentials,
                            errc::context_length_exceeded}) {
        CHECK(relay::is_error_of_upstream(fail(what)));
    }
}

TEST_CASE("relay: a key has so many streams and no more, and another key its own", "[relay]") {
    relay::stream_slots slots;
    CHECK(slots.take(key_id{1}, 2));
    CHECK(slots.take(key_id{1}, 2));
    CHECK_FALSE(slots.take(key_id{1}, 2));
    CHECK(slots.take(key_id{2}, 2));
    slots.give_back(key_id{1});
    CHECK(slots.take(key_id{1}, 2));
    CHECK_FALSE(slots.take(key_id{1}, 2));
    slots.give_back(key_id{3});  // of nobody: nothing happens
    CHECK_FALSE(slots.take(key_id{3}, 0));
    CHECK(slots.take(key_id{3}, 1));
}
