#pragma once

#include <cstdint>
#include <optional>

#include "core/base/nanos.hpp"
#include "core/chat/model.hpp"
#include "core/chat/usage.hpp"

// What a request cost, and what it may cost at most. Pure; any thread.
namespace gaia::policy {

// nullopt: unpriced (no card) or nothing is known of the usage. What the provider says it charged
// (usage.reported_cost) wins over the card. Never negative: a part that claims to be larger than
// its whole is cut to what is left of the whole, in the order cache_read, cache_write, audio_in and
// reasoning, audio_out.
std::optional<nanos> cost_of(const chat::usage& used, const chat::rate_card* card);

// An upper bound of cost_of() for a prompt of `prompt_tokens` and an answer of at most `max_output`
// tokens: each side at its dearest rate. nullopt: unpriced.
std::optional<nanos> reserve_for(std::int64_t prompt_tokens,
                                 std::int64_t max_output,
                                 const chat::rate_card* card);

// The rates that hold for a prompt of this length (long-context tiers).
const chat::rates& rates_for(std::int64_t prompt_tokens, const chat::rate_card& card) noexcept;

}  // namespace gaia::policy
