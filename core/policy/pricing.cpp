#include "core/policy/pricing.hpp"

#include <algorithm>
#include <initializer_list>

namespace gaia::policy {
namespace {

// Takes up to `part` tokens out of `whole`; unknown parts take nothing.
std::int64_t take(std::int64_t& whole, std::optional<std::int64_t> part) noexcept {
    const std::int64_t taken = std::clamp<std::int64_t>(part.value_or(0), 0, whole);
    whole -= taken;
    return taken;
}

std::int64_t count(std::optional<std::int64_t> tokens) noexcept {
    return std::max<std::int64_t>(tokens.value_or(0), 0);
}

price dearest(price base, std::initializer_list<std::optional<price>> others) noexcept {
    for (const auto& other : others) {
        base = std::max(base, other.value_or(base));
    }
    return base;
}

}  // namespace

const chat::rates& rates_for(std::int64_t prompt_tokens, const chat::rate_card& card) noexcept {
    const chat::rates* chosen = &card.base;
    for (const auto& tier : card.tiers) {
        if (prompt_tokens > tier.prompt_tokens_above) {
            chosen = &tier.at;
        }
    }
    return *chosen;
}

std::optional<nanos> cost_of(const chat::usage& used, const chat::rate_card* card) {
    if (used.reported_cost && used.reported_cost->value >= 0) {
        return used.reported_cost;
    }
    if (card == nullptr || !used.known()) {
        return std::nullopt;
    }
    std::int64_t prompt = count(used.prompt);
    const chat::rates& at = rates_for(prompt, *card);
    price_sum sum;
    sum.add(take(prompt, used.cache_read), at.cache_read.value_or(at.input));
    sum.add(take(prompt, used.cache_write), at.cache_write.value_or(at.input));
    sum.add(take(prompt, used.audio_in), at.audio_in.value_or(at.input));
    sum.add(prompt, at.input);
    std::int64_t completion = count(used.completion);
    sum.add(take(completion, used.reasoning), at.reasoning.value_or(at.output));
    sum.add(take(completion, used.audio_out), at.audio_out.value_or(at.output));
    sum.add(completion, at.output);
    return sum.total();
}

std::optional<nanos> reserve_for(std::int64_t prompt_tokens,
                                 std::int64_t max_output,
                                 const chat::rate_card* card) {
    if (card == nullptr) {
        return std::nullopt;
    }
    const chat::rates& at = rates_for(prompt_tokens, *card);
    price_sum sum;
    sum.add(prompt_tokens, dearest(at.input, {at.cache_read, at.cache_write, at.audio_in}));
    sum.add(max_output, dearest(at.output, {at.reasoning, at.audio_out}));
    return sum.total();
}

}  // namespace gaia::policy
