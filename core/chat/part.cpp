#include "core/chat/part.hpp"

#include <charconv>

#include "core/json/peek.hpp"
#include "core/json/write.hpp"

namespace gaia::chat {

std::string_view name_of(dialect_id which) noexcept {
    switch (which) {
        case dialect_id::none:
            return "";
        case dialect_id::openai_chat:
            return "openai_chat";
        case dialect_id::openai_responses:
            return "openai_responses";
        case dialect_id::anthropic:
            return "anthropic";
        case dialect_id::gemini:
            return "gemini";
    }
    return "";
}

const std::string* extras::find(std::string_view key) const noexcept {
    for (const auto& member : members) {
        if (member.key == key) {
            return &member.raw;
        }
    }
    return nullptr;
}

void extras::add(dialect_id source, std::string key, std::string_view raw) {
    from = source;
    members.push_back({std::move(key), json::compact(raw)});
}

double number::value() const noexcept {
    return json::to_double(spelling).value_or(0);
}

number number::of(double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {std::string(text, end)};
}

media media_of_uri(std::string_view uri) {
    const auto comma = uri.find(',');
    const auto head = uri.substr(0, comma);
    if (comma == std::string_view::npos || !head.starts_with("data:") ||
        !head.ends_with(";base64")) {
        return {media::kind::url, std::string(uri), {}};
    }
    const auto type = head.substr(5, head.size() - 5 - 7);
    return {media::kind::base64,
            std::string(uri.substr(comma + 1)),
            std::string(type.substr(0, type.find(';')))};
}

std::string uri_of(const media& source) {
    if (source.at != media::kind::base64) {
        return source.data;
    }
    return "data:" + source.media_type + ";base64," + source.data;
}

bool tool_result_part::operator==(const tool_result_part& other) const {
    return call_id == other.call_id && name == other.name && is_error == other.is_error &&
           content == other.content;
}

part text_of(std::string text) {
    return part(text_part{std::move(text), {}});
}

std::string joined_text(const std::vector<part>& parts, std::string_view between) {
    std::string out;
    bool first = true;
    for (const auto& each : parts) {
        if (const auto* text = each.as<text_part>()) {
            if (!first) {
                out += between;
            }
            first = false;
            out += text->text;
        }
    }
    return out;
}

}  // namespace gaia::chat
