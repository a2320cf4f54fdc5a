#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/nanos.hpp"

namespace gaia::chat {

// What a request used, as the provider counts it. Unknown is nullopt and never 0. `prompt` includes
// the cached, cache-written and audio tokens of the prompt; `completion` includes reasoning and
// audio.
struct usage {
    std::optional<std::int64_t> prompt;
    std::optional<std::int64_t> completion;
    std::optional<std::int64_t> cache_read;
    std::optional<std::int64_t> cache_write;
    std::optional<std::int64_t> reasoning;
    std::optional<std::int64_t> audio_in;
    std::optional<std::int64_t> audio_out;
    std::optional<nanos>
        reported_cost;     // what the provider says it charged (OpenRouter usage.cost)
    bool clamped = false;  // a nonsensical number (negative, huge, not a number) was replaced
    std::optional<std::int64_t> cache_write_1h = {};  // of cache_write: kept for an hour, dearer
    std::optional<std::int64_t> image_in = {};        // of prompt
    std::optional<std::int64_t> image_out = {};       // of completion
    std::optional<std::int64_t> searches = {};        // calls of the vendor's own web search

    bool known() const noexcept { return prompt || completion; }
};

enum class usage_source : std::uint8_t { none, reported, estimated };

// A count above this is taken for nonsense (no model has a context of 100 million tokens).
inline constexpr std::int64_t plausible_tokens_max = 100'000'000;

// Tokens of a text when nobody counted them: about four bytes of ASCII or one and a half characters
// of other scripts to a token. A documented estimate; rows that use it are marked `estimated`.
std::int64_t estimate_tokens(std::string_view text) noexcept;

}  // namespace gaia::chat
