#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/error.hpp"
#include "core/chat/response.hpp"

// What a stream says, in no dialect. The order that events must keep is in grammar.hpp.
//
// `choice` counts from 0, without a gap when the stream has ended. `part` counts the parts of a
// choice from 0 without a gap, in the order in which they start: these are the gateway's own
// numbers, whatever the upstream numbered. A part starts with part_start (text, reasoning, refusal,
// audio), with tool_call_start, or comes whole (whole_part); all but the last take deltas and end
// with part_end. Parts of a choice may be open at the same time; encoders whose dialect wants one
// at a time stand behind a sequencer.
namespace gaia::chat {

namespace events {

struct start {
    std::string id;     // the upstream's
    std::string model;  // the upstream's
    std::optional<std::int64_t> created;
    std::string service_tier;
    std::string system_fingerprint;
};

enum class part_kind : std::uint8_t { text, reasoning, refusal, audio };

struct part_start {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    part_kind kind = part_kind::text;
    std::string id;                      // of reasoning and audio
    std::string format;                  // of reasoning
    dialect_id from = dialect_id::none;  // of reasoning
};

struct text_delta {  // of a text part
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    std::string text;
};

struct reasoning_delta {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    std::string text;
    // A summary instead of the thought itself; which entry of reasoning_part::summary.
    std::optional<std::uint32_t> summary;
};

// A proof or encrypted state for an open part of any kind but refusal. Deltas with encrypted set
// append to reasoning_part::encrypted, others to part::signature.
struct reasoning_signature {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    std::string data;
    dialect_id from = dialect_id::none;
    bool encrypted = false;
};

struct tool_call_start {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    std::string id;    // never empty, unique in the choice
    std::string name;  // complete
    tool_call_part::kind kind = tool_call_part::kind::function;
};

struct tool_arguments_delta {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    std::string text;
};

struct refusal_delta {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    std::string text;
};

struct audio_delta {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    std::string data;  // base64
    std::string transcript;
    std::string format;
    std::optional<std::int64_t> expires_at;
};

struct citation {  // of an open text part
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    chat::citation value;
};

// A part that has no deltas: an image, a native block, a reasoning part of encrypted state alone.
struct whole_part {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    chat::part value;
};

struct part_end {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
};

struct logprobs {
    std::uint32_t choice = 0;
    bool refusal = false;
    std::vector<token_logprob> tokens;
};

// Cumulative: what is known here replaces what was known before, member by member.
struct usage {
    chat::usage value;
};

struct finish {
    std::uint32_t choice = 0;
    choice_end end;
};

struct end {
    std::string service_tier;  // when it came later than the start
};

struct error {  // the last event
    failure what;
};

struct ping {};

}  // namespace events

using event = std::variant<events::start,
                           events::part_start,
                           events::text_delta,
                           events::reasoning_delta,
                           events::reasoning_signature,
                           events::tool_call_start,
                           events::tool_arguments_delta,
                           events::refusal_delta,
                           events::audio_delta,
                           events::citation,
                           events::whole_part,
                           events::part_end,
                           events::logprobs,
                           events::usage,
                           events::finish,
                           events::end,
                           events::error,
                           events::ping>;
using event_list = std::vector<event>;

// Lambdas as one visitor.
template <class... Each>
struct on : Each... {
    using Each::operator()...;
};
template <class... Each>
on(Each...) -> on<Each...>;

// Takes over what `more` knows (events::usage).
void update(usage& known, const usage& more) noexcept;

}  // namespace gaia::chat
