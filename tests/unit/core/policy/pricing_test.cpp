#include "core/policy/pricing.hpp"

#include <catch2/catch.hpp>
#include <limits>

using gaia::nanos;
using gaia::price;
using gaia::chat::rate_card;
using gaia::chat::usage;
using gaia::policy::cost_of;
using gaia::policy::reserve_for;

namespace {

constexpr std::int64_t dollar = 1'000'000'000;

rate_card plain_card() {
    rate_card card;
    card.base.input = price{2 * dollar};
    card.base.output = price{8 * dollar};
    return card;
}

rate_card full_card() {
    rate_card card = plain_card();
    card.base.cache_read = price{dollar / 2};
    card.base.cache_write = price{3 * dollar};
    card.base.reasoning = price{4 * dollar};
    card.base.audio_in = price{40 * dollar};
    card.base.audio_out = price{80 * dollar};
    return card;
}

usage tokens(std::int64_t prompt, std::int64_t completion) {
    usage used;
    used.prompt = prompt;
    used.completion = completion;
    return used;
}

}  // namespace

TEST_CASE("pricing: no card is unpriced and not free", "[policy][pricing]") {
    CHECK(cost_of(tokens(10, 10), nullptr) == std::nullopt);
    CHECK(reserve_for(10, 10, nullptr) == std::nullopt);
    const auto card = plain_card();
    CHECK(cost_of(usage{}, &card) == std::nullopt);
    rate_card free;
    CHECK(cost_of(tokens(10, 10), &free) == nanos{0});
}

TEST_CASE("pricing: what the provider charged wins over the card", "[policy][pricing]") {
    const auto card = plain_card();
    usage used = tokens(1000, 1000);
    used.reported_cost = nanos{42};
    CHECK(cost_of(used, &card) == nanos{42});
    CHECK(cost_of(used, nullptr) == nanos{42});
    used.reported_cost = nanos{-42};  // nonsense
    CHECK(cost_of(used, &card) == nanos{1000 * 2000 + 1000 * 8000});
}

TEST_CASE("pricing: each part of prompt and completion at its own rate", "[policy][pricing]") {
    const auto card = full_card();
    usage used = tokens(1000, 500);
    CHECK(cost_of(used, &card) == nanos{1000 * 2000 + 500 * 8000});
    used.cache_read = 400;
    CHECK(cost_of(used, &card) == nanos{600 * 2000 + 400 * 500 + 500 * 8000});
    used.cache_write = 100;
    CHECK(cost_of(used, &card) == nanos{500 * 2000 + 400 * 500 + 100 * 3000 + 500 * 8000});
    used.audio_in = 500;
    CHECK(cost_of(used, &card) == nanos{400 * 500 + 100 * 3000 + 500 * 40'000 + 500 * 8000});
    used.reasoning = 200;
    used.audio_out = 100;
    CHECK(cost_of(used, &card) ==
          nanos{400 * 500 + 100 * 3000 + 500 * 40'000 + 200 * 4000 + 100 * 80'000 + 200 * 8000});
}

TEST_CASE("pricing: rates that are not stated fall back to input and output", "[policy][pricing]") {
    const auto card = plain_card();
    usage used = tokens(1000, 500);
    used.cache_read = 300;
    used.cache_write = 300;
    used.audio_in = 300;
    used.reasoning = 200;
    used.audio_out = 200;
    CHECK(cost_of(used, &card) == nanos{1000 * 2000 + 500 * 8000});
}

TEST_CASE(
    "pricing: parts larger than their whole, and negative counts, never lower the cost below 0",
    "[policy][pricing]") {
    const auto card = full_card();
    usage used = tokens(100, 50);
    used.cache_read = 1'000'000;
    used.reasoning = std::numeric_limits<std::int64_t>::max();
    CHECK(cost_of(used, &card) == nanos{100 * 500 + 50 * 4000});
    used = tokens(-100, -50);
    used.cache_read = -5;
    CHECK(cost_of(used, &card) == nanos{0});
    used = tokens(100, 0);
    used.cache_write = -100;
    CHECK(cost_of(used, &card) == nanos{100 * 2000});
}

TEST_CASE("pricing: a long prompt is priced by its tier as a whole", "[policy][pricing]") {
    rate_card card = plain_card();
    card.tiers.resize(2);
    card.tiers[0].prompt_tokens_above = 1000;
    card.tiers[0].at.input = price{4 * dollar};
    card.tiers[0].at.output = price{12 * dollar};
    card.tiers[1].prompt_tokens_above = 5000;
    card.tiers[1].at.input = price{5 * dollar};
    card.tiers[1].at.output = price{15 * dollar};
    CHECK(cost_of(tokens(1000, 1), &card) == nanos{1000 * 2000 + 8000});
    CHECK(cost_of(tokens(1001, 1), &card) == nanos{1001 * 4000 + 12'000});
    CHECK(cost_of(tokens(5001, 1), &card) == nanos{5001 * 5000 + 15'000});
}

TEST_CASE("pricing: a reservation covers whatever the parts turn out to be", "[policy][pricing]") {
    const auto card = full_card();
    const auto reserved = reserve_for(1000, 500, &card);
    for (const std::int64_t part : {0, 1, 250, 500, 1000}) {
        usage used = tokens(1000, 500);
        used.cache_read = part;
        used.cache_write = part / 2;
        used.audio_in = 1000 - part;
        used.reasoning = part;
        used.audio_out = 500 - part / 2;
        CAPTURE(part);
        CHECK(cost_of(used, &card) <= reserved);
    }
    CHECK(reserve_for(std::numeric_limits<std::int64_t>::max(), 1, &card)->value ==
          std::numeric_limits<std::int64_t>::max());
    CHECK(reserve_for(-1, -1, &card) == nanos{0});
}
