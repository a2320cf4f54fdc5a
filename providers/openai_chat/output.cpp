#include "providers/openai_chat/output.hpp"

#include "core/chat/usage.hpp"
#include "core/json/cursor.hpp"

namespace gaia::providers {
namespace {

std::int64_t text_tokens(std::string_view raw) noexcept {
    return raw.size() <= 2 ? 0 : chat::estimate_tokens(raw.substr(1, raw.size() - 2));
}

std::int64_t call_tokens(std::string_view call) noexcept {
    const auto arguments = json::member(json::member(call, "function"), "arguments");
    if (json::kind_of(arguments) == json::kind::object) {  // some vendors do not quote them
        return chat::estimate_tokens(arguments);
    }
    return text_tokens(arguments);
}

}  // namespace

std::int64_t output_of(std::string_view message) noexcept {
    std::int64_t tokens = 0;
    for (json::member_cursor at(message); at.next();) {
        const bool text = at.type() == json::kind::string;
        if (text && (at.key_is("content") || at.key_is("reasoning_content") ||
                     at.key_is("reasoning") || at.key_is("refusal"))) {
            tokens += text_tokens(at.value());
        } else if (at.type() == json::kind::array && at.key_is("content")) {  // Mistral: parts
            for (json::element_cursor part(at.value()); part.next();) {
                if (part.type() == json::kind::object) {
                    tokens += text_tokens(json::member(part.value(), "text"));
                }
            }
        } else if (at.type() == json::kind::array && at.key_is("tool_calls")) {
            for (json::element_cursor call(at.value()); call.next();) {
                if (call.type() == json::kind::object) {
                    tokens += call_tokens(call.value());
                }
            }
        }
    }
    return tokens;
}

}  // namespace gaia::providers
