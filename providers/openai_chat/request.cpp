#include <array>

#include "providers/openai_chat/openai_chat.hpp"

namespace gaia::providers {
namespace {

constexpr std::size_t model_bytes_max = 256;
constexpr std::int64_t tokens_max = 2'147'483'647;

enum : std::size_t {
    at_model,
    at_messages,
    at_stream,
    at_stream_options,
    at_max_tokens,
    at_max_completion_tokens,
    at_n,
    at_tools,
    at_temperature,
    at_top_p,
    key_count,
};
constexpr std::array<std::string_view, key_count> keys{"model",
                                                       "messages",
                                                       "stream",
                                                       "stream_options",
                                                       "max_tokens",
                                                       "max_completion_tokens",
                                                       "n",
                                                       "tools",
                                                       "temperature",
                                                       "top_p"};
using places = std::array<json::found, key_count>;

failure invalid(std::size_t key, std::string_view expected) {
    return fail(errc::invalid_value,
                "Invalid value for '" + std::string(keys[key]) + "': expected " +
                    std::string(expected) + ".",
                std::string(keys[key]));
}

failure missing(std::size_t key) {
    return fail(errc::missing_parameter,
                "Missing required parameter: '" + std::string(keys[key]) + "'.",
                std::string(keys[key]));
}

failure not_json(const json::peek_result& peeked) {
    return fail(errc::invalid_json,
                "The request body is not valid JSON: " + std::string(json::describe(peeked.what)) +
                    " (at byte " + std::to_string(peeked.offset) + ").");
}

bool given(const json::found& at) {
    return at && at.type != json::kind::null;
}

bool has_control(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            return true;
        }
    }
    return false;
}

result<std::string> model_name(std::string_view body, const json::found& at) {
    if (!at) {
        return missing(at_model);
    }
    // An escape takes six bytes at most, so a longer spelling cannot be a model's name.
    if (at.type != json::kind::string || at.end - at.begin > 6 * model_bytes_max + 2) {
        return invalid(at_model, "a string of 1 to 256 bytes");
    }
    auto name = json::to_text(at.in(body));
    if (name.empty() || name.size() > model_bytes_max || has_control(name)) {
        return invalid(at_model, "a string of 1 to 256 bytes without control characters");
    }
    return name;
}

// nullopt when absent or null.
result<std::optional<std::int64_t>> whole_number(std::string_view body,
                                                 const places& at,
                                                 std::size_t key,
                                                 std::int64_t max,
                                                 std::string_view expected) {
    if (!given(at[key])) {
        return std::optional<std::int64_t>{};
    }
    if (at[key].type == json::kind::number) {
        const auto value = json::to_int64(at[key].in(body));
        if (value && *value >= 1 && *value <= max) {
            return value;
        }
    }
    return invalid(key, expected);
}

result<void> check_shapes(const places& at) {
    const auto& messages = at[at_messages];
    if (!messages) {
        return missing(at_messages);
    }
    if (messages.type != json::kind::array || messages.items == 0 || !messages.only_objects) {
        return invalid(at_messages, "an array of objects with at least one element");
    }
    if (given(at[at_stream]) && at[at_stream].type != json::kind::boolean) {
        return invalid(at_stream, "a boolean");
    }
    if (given(at[at_stream_options]) && at[at_stream_options].type != json::kind::object) {
        return invalid(at_stream_options, "an object");
    }
    const auto& tools = at[at_tools];
    if (given(tools) && (tools.type != json::kind::array || !tools.only_objects)) {
        return invalid(at_tools, "an array of objects");
    }
    for (const auto key : {at_temperature, at_top_p}) {
        if (given(at[key]) && at[key].type != json::kind::number) {
            return invalid(key, "a number");
        }
    }
    return {};
}

// stream_options.include_usage, whose place is relative to the whole body.
result<json::found> include_usage(std::string_view body,
                                  const json::found& options,
                                  const json::limits& limit) {
    constexpr std::array<std::string_view, 1> inner{"include_usage"};
    std::array<json::found, 1> out;
    const auto peeked = json::peek(options.in(body), inner, out, limit);
    if (!peeked) {  // only a duplicate is possible here
        return not_json({peeked.what, options.begin + peeked.offset});
    }
    if (given(out[0]) && out[0].type != json::kind::boolean) {
        return fail(errc::invalid_value,
                    "Invalid value for 'stream_options.include_usage': expected a boolean.",
                    "stream_options.include_usage");
    }
    if (out[0]) {
        out[0].begin += options.begin;
        out[0].end += options.begin;
    }
    return out[0];
}

}  // namespace

result<chat::request_view> openai_chat::inspect(std::string_view body,
                                                const chat::request_limits& limit) const {
    places at;
    const auto peeked = json::peek(body, keys, at, limit.json);
    if (!peeked) {
        return not_json(peeked);
    }
    chat::request_view view;
    auto model = model_name(body, at[at_model]);
    if (!model) {
        return std::move(model).error();
    }
    view.model = std::move(*model);
    view.model_at = at[at_model];
    if (auto shapes = check_shapes(at); !shapes) {
        return std::move(shapes).error();
    }
    view.stream = given(at[at_stream]) && at[at_stream].in(body) == "true";
    view.tools = given(at[at_tools]) && at[at_tools].items != 0;
    view.stream_options_at = at[at_stream_options];
    if (given(at[at_stream_options])) {
        const auto inside = include_usage(body, at[at_stream_options], limit.json);
        if (!inside) {
            return inside.error();
        }
        view.include_usage_at = *inside;
        view.wants_usage = *inside && inside->in(body) == "true";
    }
    for (const auto key : {at_max_tokens, at_max_completion_tokens}) {
        const auto tokens =
            whole_number(body, at, key, tokens_max, "a positive integer below 2^31");
        if (!tokens) {
            return tokens.error();
        }
        if (*tokens) {
            view.max_tokens = *tokens;  // max_completion_tokens comes second and wins
        }
    }
    const auto expected = "an integer from 1 to " + std::to_string(limit.choices_max);
    const auto choices = whole_number(body, at, at_n, limit.choices_max, expected);
    if (!choices) {
        return choices.error();
    }
    view.choices = choices->value_or(1);
    view.object_end = body.find_last_of('}');
    view.object_empty_after = false;  // `model` stands there
    // Without looking at the text: about four bytes to a token, markup of the JSON included. An
    // upper guess for English and a fair one for other scripts, whose three bytes make up for it.
    view.prompt_tokens_estimate = static_cast<std::int64_t>(body.size() / 4) + 1;
    return view;
}

}  // namespace gaia::providers
