#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/chat/part.hpp"

// A conversation and what is wanted of the model, in no dialect. Absent means that the user did not
// say: an encoder then says nothing, unless its dialect demands a value.
namespace gaia::chat {

// `tool` turns hold tool_result parts and nothing else, the results of one round in one turn; no
// other turn holds any. Decoders see to it, encoders rely on it.
enum class role : std::uint8_t { system, developer, user, assistant, tool };

struct turn {
    chat::role role = role::user;
    std::vector<part> parts;
    std::string name;  // of the participant
    extras other;
    bool operator==(const turn&) const = default;
};

struct tool {
    enum class kind : std::uint8_t {
        function,
        custom,  // takes free text, perhaps after a grammar
        native,  // the vendor's own (web search, code execution): `raw` is all there is
    };
    kind what = kind::function;
    std::string name;
    std::string description;
    std::string schema;   // JSON Schema of the arguments as the user wrote it; empty: none given
    std::string grammar;  // custom: the `format` as it was written
    std::optional<bool> strict;
    dialect_id from = dialect_id::none;  // native
    std::string raw;                     // native
    std::optional<cache_mark> cache;
    extras other;
    bool operator==(const tool&) const = default;
};

struct tool_choice {
    enum class mode : std::uint8_t { automatic, none, required, named, allowed };
    mode how = mode::automatic;
    std::vector<std::string> names;  // one for named, some for allowed
    bool required = false;           // allowed: at least one of them must be called
    std::string native;              // a choice that only `from` understands, as it was written
    dialect_id from = dialect_id::none;
    bool operator==(const tool_choice&) const = default;
};

struct response_format {
    enum class kind : std::uint8_t { text, json_object, json_schema };
    kind what = kind::text;
    std::string name;
    std::string description;
    std::string schema;  // raw
    std::optional<bool> strict;
    extras other;
    bool operator==(const response_format&) const = default;
};

struct sampling {
    std::optional<number> temperature;
    std::optional<number> top_p;
    std::optional<number> top_k;
    std::optional<number> min_p;
    std::optional<number> presence_penalty;
    std::optional<number> frequency_penalty;
    std::optional<number> repetition_penalty;
    std::optional<number> seed;
    std::optional<bool> logprobs;
    std::optional<std::int64_t> top_logprobs;
    std::string logit_bias;  // raw object; empty: none
    bool operator==(const sampling&) const = default;
};

// How much the model is to think. At most one of effort and budget_tokens is what the user said;
// effort_for() and budget_for() translate.
struct reasoning_wish {
    enum class mode : std::uint8_t { unstated, off, on, adaptive };
    mode how = mode::unstated;
    std::string effort;  // none, minimal, low, medium, high, xhigh, max
    std::optional<std::int64_t> budget_tokens;
    std::optional<bool> include;  // thoughts are to be shown (false: thought but not shown)
    std::string summary;          // auto, concise, detailed
    bool operator==(const reasoning_wish&) const = default;
};

// Budgets and efforts as the vendors' own translations have them.
std::string_view effort_for(const reasoning_wish& wish) noexcept;  // empty: nothing was said
std::optional<std::int64_t> budget_for(const reasoning_wish& wish) noexcept;

struct request {
    dialect_id from = dialect_id::none;
    std::string model;
    std::vector<turn> turns;
    std::vector<tool> tools;
    std::optional<chat::tool_choice> tool_choice;
    std::optional<bool> parallel_tools;
    std::optional<response_format> format;
    std::vector<std::string> stop;
    chat::sampling sampling;
    std::optional<std::int64_t> max_output_tokens;
    std::optional<reasoning_wish> reasoning;
    std::optional<std::int64_t> choices;  // n
    bool stream = false;
    bool include_usage = false;  // the client asked for usage in its stream
    std::string service_tier;
    std::string user;       // an opaque end-user id
    std::string metadata;   // raw object
    std::string verbosity;  // low, medium, high
    std::string cache_key;  // prompt_cache_key
    std::optional<bool> store;
    std::vector<std::string> modalities;  // output: text, audio, image
    std::string audio;                    // raw: voice and format of spoken output
    extras other;
    bool operator==(const request&) const = default;
};

// The name of the tool that call `id` called, looked up in the turns before `before`; empty when
// unknown. (Gemini wants it beside each result.)
std::string_view called_name(const request& r, std::string_view id, std::size_t before);

}  // namespace gaia::chat
