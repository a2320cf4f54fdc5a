#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat/part.hpp"
#include "core/chat/usage.hpp"

// A whole answer, in no dialect.
namespace gaia::chat {

enum class finish_reason : std::uint8_t {
    stop,           // the model was done
    stop_sequence,  // one of the request's stop texts came
    length,         // max_output_tokens
    context_full,   // the model's window
    tool_calls,
    content_filter,  // the vendor cut or blocked it
    refusal,         // the model would not
    pause,           // Anthropic pause_turn: send it back to go on
    other,           // anything else; see native
};
std::string_view name_of(finish_reason why) noexcept;

struct token_logprob {
    std::string token;
    number logprob;
    std::string bytes;  // raw array of integers or null; empty: not given
    std::vector<token_logprob> top;
    bool operator==(const token_logprob&) const = default;
};

struct choice_end {
    finish_reason why = finish_reason::stop;
    std::string native;         // as the upstream spelled it
    std::string stop_sequence;  // which one, when known
    bool operator==(const choice_end&) const = default;
};

struct choice {
    std::vector<part> parts;  // in the order in which the model made them
    choice_end end;
    std::vector<token_logprob> logprobs;
    std::vector<token_logprob> refusal_logprobs;
    extras other;
    bool operator==(const choice&) const = default;
};

struct response {
    dialect_id from = dialect_id::none;
    std::string id;     // the upstream's
    std::string model;  // the upstream's
    std::optional<std::int64_t> created;
    std::string service_tier;
    std::string system_fingerprint;
    std::vector<choice> choices;
    chat::usage usage;
    extras other;
};

}  // namespace gaia::chat
