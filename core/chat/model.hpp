#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/nanos.hpp"

// What is known of a model: prices and limits. Data, filled from the embedded catalogue.
namespace gaia::chat {

// USD prices as nano-dollars per million tokens. nullopt = not stated: cache_read and audio fall
// back to input, cache_write to input, reasoning and audio_out to output.
struct rates {
    price input;
    price output;
    std::optional<price> cache_read;
    std::optional<price> cache_write;
    std::optional<price> reasoning;
    std::optional<price> audio_in;
    std::optional<price> audio_out;
};

// Rates that replace the base rates for the whole request when its prompt has more tokens.
struct rate_tier {
    std::int64_t prompt_tokens_above = 0;
    rates at;
};

struct rate_card {
    rates base;
    std::vector<rate_tier> tiers;  // rising
};

struct model_facts {
    std::string vendor;               // "openai"
    std::string id;                   // "gpt-4o-mini"
    std::string name;                 // "GPT-4o mini"
    std::optional<rate_card> card;    // nullopt: unpriced
    std::int64_t context_tokens = 0;  // 0: unknown
    std::int64_t output_tokens_max = 0;
    std::int64_t released = 0;  // seconds since 1970, for the models list
    bool vision = false;
    bool tools = false;
    bool reasoning = false;
};

}  // namespace gaia::chat
