#include "core/base/ids.hpp"

#include <catch2/catch.hpp>

TEST_CASE("request ids rise and survive their text form", "[base]") {
    auto last = gaia::next_request_id();
    for (int i = 0; i < 1000; ++i) {
        const auto next = gaia::next_request_id();
        REQUIRE(next > last);
        REQUIRE(gaia::parse_request_id(gaia::to_string(next)) == next);
        REQUIRE(gaia::to_string(last) < gaia::to_string(next));
        last = next;
    }
}

TEST_CASE("ids: malformed texts are no ids", "[base]") {
    for (const auto* bad :
         {"", "req_", "req_00000000000", "req_zzzzzzzzzzz", "ak_1", "req_0000000000-"}) {
        CAPTURE(bad);
        CHECK_FALSE(gaia::parse_request_id(bad));
    }
    CHECK(gaia::parse_prefixed_id("ak_", "ak_12") == 12);
    for (const auto* bad : {"ak_", "ak_0", "ak_-1", "ak_1x", "org_1", "ak_99999999999999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(gaia::parse_prefixed_id("ak_", bad));
    }
}
