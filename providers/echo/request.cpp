#include "providers/echo/request.hpp"

#include <algorithm>
#include <array>

#include "core/chat/usage.hpp"
#include "core/json/cursor.hpp"
#include "providers/echo/echo.hpp"
#include "providers/echo/tool_call.hpp"

namespace gaia::providers {
namespace {

constexpr std::int64_t choices_max = 8;

// The text of a message's content: a string, or the text parts of an array.
std::string content_text(std::string_view content) {
    if (json::kind_of(content) == json::kind::string) {
        return json::to_text(content);
    }
    std::string text;
    if (json::kind_of(content) == json::kind::array) {
        for (json::element_cursor part(content); part.next();) {
            if (part.type() == json::kind::object) {
                text += json::to_text(json::member(part.value(), "text"));
            }
        }
    }
    return text;
}

void read_messages(echo_request& request, std::string_view messages) {
    std::string_view last;
    for (json::element_cursor at(messages); at.next();) {
        if (at.type() == json::kind::object) {
            last = at.value();
        }
    }
    request.text = content_text(json::member(last, "content"));
    const auto role = json::member(last, "role");
    request.after_tool = role == R"("tool")" || role == R"("function")";
    request.prompt_tokens = chat::estimate_tokens(messages);
}

void choose_tool(echo_request& request, std::string_view tools, std::string_view choice) {
    if (request.after_tool || choice == R"("none")" || json::kind_of(tools) != json::kind::array) {
        return;
    }
    std::string wanted;
    if (json::kind_of(choice) == json::kind::object) {
        wanted = json::to_text(json::member(json::member(choice, "function"), "name"));
    }
    for (json::element_cursor at(tools); at.next();) {
        if (at.type() != json::kind::object) {
            continue;
        }
        const auto function = json::member(at.value(), "function");
        const auto name = json::to_text(json::member(function, "name"));
        if (!name.empty() && (wanted.empty() || wanted == name)) {
            request.tool_name = name;
            request.tool_arguments = plausible_arguments(json::member(function, "parameters"));
            return;
        }
    }
}

result<void> read_pace(echo_request& request, std::string_view object) {
    for (json::member_cursor at(object); at.next();) {
        std::optional<std::int64_t>* into = nullptr;
        std::int64_t max = echo_chunks_max;
        if (at.key_is("chunks")) {
            into = &request.chunks;
        } else if (at.key_is("tokens")) {
            into = &request.tokens;
        } else if (at.key_is("delay_ms")) {
            into = &request.delay_ms;
            max = echo_delay_max.count();
        } else if (at.key_is("first_delay_ms")) {
            into = &request.first_delay_ms;
            max = echo_delay_max.count();
        } else {
            continue;
        }
        const auto value = json::to_int64(at.value());
        if (!value || *value < 0 || *value > max) {
            const auto name = "echo." + std::string(at.key());
            return fail(errc::invalid_value,
                        "Invalid value for '" + name + "': expected an integer from 0 to " +
                            std::to_string(max) + ".",
                        name);
        }
        *into = value;
    }
    return {};
}

}  // namespace

result<echo_request> read_echo_request(std::string_view body) {
    enum : std::size_t {
        at_model,
        at_messages,
        at_stream,
        at_options,
        at_max,
        at_max_new,
        at_n,
        at_tools,
        at_choice,
        at_echo,
        key_count
    };
    constexpr std::array<std::string_view, key_count> keys{"model",
                                                           "messages",
                                                           "stream",
                                                           "stream_options",
                                                           "max_tokens",
                                                           "max_completion_tokens",
                                                           "n",
                                                           "tools",
                                                           "tool_choice",
                                                           "echo"};
    std::array<json::found, key_count> at;
    if (const auto peeked = json::peek(body, keys, at, {1024, 64}); !peeked) {
        return fail(errc::invalid_json, "The request body is not valid JSON.");
    }
    if (at[at_messages].type != json::kind::array) {
        return fail(
            errc::invalid_value, "Invalid value for 'messages': expected an array.", "messages");
    }
    const auto raw = [&](std::size_t key) { return at[key].in(body); };
    echo_request request;
    request.model = json::to_text(raw(at_model));
    read_messages(request, raw(at_messages));
    request.stream = raw(at_stream) == "true";
    if (at[at_options].type == json::kind::object) {
        request.include_usage = json::member(raw(at_options), "include_usage") == "true";
    }
    request.max_tokens = json::to_int64(raw(at_max_new));
    if (!request.max_tokens) {
        request.max_tokens = json::to_int64(raw(at_max));
    }
    request.choices =
        std::clamp<std::int64_t>(json::to_int64(raw(at_n)).value_or(1), 1, choices_max);
    choose_tool(request, raw(at_tools), raw(at_choice));
    if (at[at_echo].type == json::kind::object) {
        if (auto pace = read_pace(request, raw(at_echo)); !pace) {
            return std::move(pace).error();
        }
    }
    return request;
}

}  // namespace gaia::providers
