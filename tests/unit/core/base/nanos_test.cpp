#include "core/base/nanos.hpp"

#include <catch2/catch.hpp>
#include <limits>

using gaia::nanos;
using gaia::price;
using gaia::price_sum;

TEST_CASE("nanos: arithmetic saturates instead of wrapping", "[base]") {
    const nanos top{std::numeric_limits<std::int64_t>::max()};
    const nanos bottom{std::numeric_limits<std::int64_t>::min()};
    CHECK(top + nanos{1} == top);
    CHECK(bottom - nanos{1} == bottom);
    CHECK(nanos{2} + nanos{3} == nanos{5});
}

TEST_CASE("price_sum: adds fractions exactly and rounds once, upwards", "[base]") {
    price_sum sum;
    sum.add(1, price{37'500'000});  // $0.0375 per million: 37.5 nano-dollars
    sum.add(1, price{37'500'000});
    CHECK(sum.total() == nanos{75});
    price_sum tiny;
    tiny.add(1, price{1});
    CHECK(tiny.total() == nanos{1});  // never free when something was used
    price_sum negative_count;
    negative_count.add(-5, price{1'000'000'000});
    CHECK(negative_count.total() == nanos{0});
}

TEST_CASE("price_sum: saturates", "[base]") {
    price_sum sum;
    const auto top = std::numeric_limits<std::int64_t>::max();
    sum.add(top, price{top});
    CHECK(sum.total() == nanos{top});
}

TEST_CASE("nanos: dollars in and out", "[base]") {
    CHECK(gaia::to_dollars(nanos{1'500'000'000}) == "1.500000");
    CHECK(gaia::to_dollars(nanos{-499}) == "0.000000");
    CHECK(gaia::to_dollars(nanos{500}) == "0.000001");
    CHECK(gaia::to_dollars(nanos{std::numeric_limits<std::int64_t>::min()}) ==
          "-9223372036.854776");
    CHECK(gaia::parse_dollars("0.15") == nanos{150'000'000});
    CHECK(gaia::parse_dollars("12") == nanos{12'000'000'000});
    for (const auto* bad : {"", ".", "1.", "-1", "1e3", "0.0000000001", "9999999999999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(gaia::parse_dollars(bad));
    }
}
