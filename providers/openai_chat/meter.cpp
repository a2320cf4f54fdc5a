#include "providers/openai_chat/meter.hpp"

#include <algorithm>
#include <cmath>

#include "core/json/cursor.hpp"

namespace gaia::providers {
namespace {

using count = std::optional<std::int64_t>;

constexpr double dollars_max = 1e6;  // of one request; above this a reported cost is nonsense

struct numbers {
    count prompt;
    count completion;
    count total;
    count cache_read;
    count cache_write;
    count reasoning;
    count audio_in;
    count audio_out;
    std::optional<nanos> cost;
    bool nonsense = false;
};

// A count of tokens, or nothing when the value is no plausible one. Integers spelled 12.0 occur.
count plausible(std::string_view raw) {
    auto value = json::to_int64(raw);
    if (!value && json::kind_of(raw) == json::kind::number) {
        const auto real = json::to_double(raw);
        if (real && *real >= 0 && *real <= static_cast<double>(chat::plausible_tokens_max) &&
            std::floor(*real) == *real) {
            value = static_cast<std::int64_t>(*real);
        }
    }
    if (value && *value >= 0 && *value <= chat::plausible_tokens_max) {
        return value;
    }
    return std::nullopt;
}

void take(count& into, const json::member_cursor& at, bool& nonsense) {
    if (at.type() == json::kind::null) {
        return;
    }
    const auto value = plausible(at.value());
    nonsense = nonsense || !value;
    if (value) {
        into = value;
    }
}

void read_details(numbers& n, const json::member_cursor& parent, bool of_prompt) {
    if (parent.type() != json::kind::object) {
        n.nonsense = n.nonsense || parent.type() != json::kind::null;
        return;
    }
    for (json::member_cursor at(parent.value()); at.next();) {
        if (at.key_is("audio_tokens")) {
            take(of_prompt ? n.audio_in : n.audio_out, at, n.nonsense);
        } else if (of_prompt && at.key_is("cached_tokens")) {
            take(n.cache_read, at, n.nonsense);
        } else if (of_prompt && at.key_is("cache_write_tokens")) {  // OpenRouter
            take(n.cache_write, at, n.nonsense);
        } else if (!of_prompt && at.key_is("reasoning_tokens")) {
            take(n.reasoning, at, n.nonsense);
        }
    }
}

// OpenRouter and Vercel report dollars as a number, Perplexity as an object with total_cost.
std::optional<nanos> read_cost(std::string_view raw) {
    if (json::kind_of(raw) == json::kind::object) {
        raw = json::member(raw, "total_cost");
    }
    const auto dollars = json::to_double(raw);
    if (!dollars || !(*dollars >= 0 && *dollars <= dollars_max)) {
        return std::nullopt;
    }
    return nanos{std::llround(*dollars * 1e9)};
}

numbers read(std::string_view object) {
    numbers n;
    for (json::member_cursor at(object); at.next();) {
        if (at.key_is("prompt_tokens")) {
            take(n.prompt, at, n.nonsense);
        } else if (at.key_is("completion_tokens")) {
            take(n.completion, at, n.nonsense);
        } else if (at.key_is("total_tokens")) {
            take(n.total, at, n.nonsense);
        } else if (at.key_is("prompt_tokens_details")) {
            read_details(n, at, true);
        } else if (at.key_is("completion_tokens_details")) {
            read_details(n, at, false);
        } else if (at.key_is("prompt_cache_hit_tokens") ||  // DeepSeek
                   at.key_is("num_cached_tokens") ||        // Mistral
                   at.key_is("cached_tokens")) {            // Together
            count other;
            take(other, at, n.nonsense);
            n.cache_read = n.cache_read ? n.cache_read : other;
        } else if (at.key_is("cache_creation_input_tokens")) {  // Vercel
            count other;
            take(other, at, n.nonsense);
            n.cache_write = n.cache_write ? n.cache_write : other;
        } else if (at.key_is("reasoning_tokens")) {  // Copilot
            count other;
            take(other, at, n.nonsense);
            n.reasoning = n.reasoning ? n.reasoning : other;
        } else if (at.key_is("cost")) {
            n.cost = read_cost(at.value());
        }
    }
    return n;
}

// Some vendors leave parts out of the sums that OpenAI includes; their total tells which.
void complete_sums(numbers& n) {
    if (!n.prompt || !n.completion || !n.total) {
        return;
    }
    const auto missing = *n.total - *n.prompt - *n.completion;
    if (missing <= 0) {
        return;
    }
    if (n.reasoning == missing) {  // xAI: reasoning stands beside the completion
        *n.completion += missing;
    } else if (n.audio_in == missing) {  // Mistral: audio stands beside the prompt
        *n.prompt += missing;
    } else if (!n.reasoning && !n.audio_in) {  // Gemini's compatible endpoint hides its thoughts
        *n.completion += missing;
        n.reasoning = missing;
    }
}

// A part that is larger than its whole would price the rest below zero.
bool cut_to(count& part, const count& whole) {
    if (part && whole && *part > *whole) {
        part = whole;
        return true;
    }
    return false;
}

}  // namespace

usage_reading read_usage(std::string_view raw) {
    usage_reading reading;
    const auto type = json::kind_of(raw);
    if (type != json::kind::object) {
        reading.nonsense = type != json::kind::null && type != json::kind::absent;
        reading.usage.clamped = reading.nonsense;
        return reading;
    }
    auto n = read(raw);
    complete_sums(n);
    bool cut = cut_to(n.cache_read, n.prompt);
    cut = cut_to(n.cache_write, n.prompt) || cut;
    cut = cut_to(n.audio_in, n.prompt) || cut;
    cut = cut_to(n.reasoning, n.completion) || cut;
    cut = cut_to(n.audio_out, n.completion) || cut;
    reading.usage = {n.prompt,
                     n.completion,
                     n.cache_read,
                     n.cache_write,
                     n.reasoning,
                     n.audio_in,
                     n.audio_out,
                     n.cost,
                     n.nonsense || cut};
    reading.nonsense = n.nonsense;
    return reading;
}

namespace {

bool is_count(std::string_view key) {
    return key.ends_with("_tokens");
}
bool is_details(std::string_view key) {
    return key.ends_with("_tokens_details");
}

void append_cleaned(std::string& out, std::string_view object, const count& total) {
    out += '{';
    bool first = true;
    for (json::member_cursor at(object); at.next();) {
        if (!first) {
            out += ',';
        }
        first = false;
        out += '"';
        out += at.key();
        out += "\":";
        const bool null = at.type() == json::kind::null;
        if (total && at.key_is("total_tokens")) {
            out += std::to_string(*total);
        } else if (is_count(at.key()) && !null && !plausible(at.value())) {
            out += '0';
        } else if (is_details(at.key()) && at.type() == json::kind::object) {
            append_cleaned(out, at.value(), std::nullopt);
        } else if (is_details(at.key())) {
            out += "null";
        } else {
            out += at.value();
        }
    }
    out += '}';
}

}  // namespace

std::string cleaned_usage(std::string_view raw) {
    if (json::kind_of(raw) != json::kind::object) {
        return "null";
    }
    const auto n = read(raw);
    std::string out;
    append_cleaned(out, raw, n.prompt.value_or(0) + n.completion.value_or(0));
    return out;
}

}  // namespace gaia::providers
