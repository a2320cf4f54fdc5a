#include <algorithm>

#include "core/json/cursor.hpp"
#include "providers/openai_chat/openai_chat.hpp"

namespace gaia::providers {
namespace {

constexpr std::string_view options_value = R"({"include_usage":true})";

// A member of the body's object: from the quote of its key to the end of its value.
struct member_place {
    std::size_t begin = 0;
    std::size_t key_end = 0;
    std::size_t end = 0;
    std::size_t previous_end = 0;  // of the member before it; 0 when it is the first
    bool there = false;
};

member_place find_member(std::string_view body, std::string_view key) {
    member_place place;
    const auto open = body.find('{');
    std::size_t previous_end = 0;
    for (json::member_cursor at(body.substr(open)); at.next();) {
        const auto key_begin = static_cast<std::size_t>(at.key().data() - body.data());
        const auto end =
            static_cast<std::size_t>(at.value().data() - body.data()) + at.value().size();
        if (at.key_is(key)) {
            place = {key_begin - 1, key_begin + at.key().size() + 1, end, previous_end, true};
            return place;
        }
        previous_end = end;
    }
    return place;
}

// Takes a member out together with one of its commas; another member stands in the same object.
json::edit removal(std::string_view body, const member_place& place) {
    const auto after = body.find_first_not_of(" \t\r\n", place.end);
    if (after != std::string_view::npos && body[after] == ',') {
        return {place.begin, after + 1, {}};
    }
    return {place.previous_end, place.end, {}};
}

// For vendors that know only max_tokens. When a client sends both, the newer name decides and the
// older member goes, as a key must not stand twice.
void rename_max_completion_tokens(std::string_view body, std::vector<json::edit>& edits) {
    const auto newer = find_member(body, "max_completion_tokens");
    if (!newer.there) {
        return;
    }
    if (const auto older = find_member(body, "max_tokens"); older.there) {
        edits.push_back(removal(body, older));
    }
    edits.push_back({newer.begin, newer.key_end, R"("max_tokens")"});
}

json::edit ask_for_usage(std::string_view body, const chat::request_view& view) {
    if (!view.stream_options_at) {
        const std::string comma = view.object_empty_after ? "" : ",";
        return {view.object_end,
                view.object_end,
                comma + R"("stream_options":)" + std::string(options_value)};
    }
    if (view.stream_options_at.type == json::kind::null) {
        return {
            view.stream_options_at.begin, view.stream_options_at.end, std::string(options_value)};
    }
    if (view.include_usage_at) {
        return {view.include_usage_at.begin, view.include_usage_at.end, "true"};
    }
    const auto inside = view.stream_options_at.begin + 1;
    const bool empty = body[body.find_first_not_of(" \t\r\n", inside)] == '}';
    return {inside, inside, empty ? R"("include_usage":true)" : R"("include_usage":true,)"};
}

}  // namespace

std::vector<json::edit> openai_chat::upstream_edits(std::string_view body,
                                                    const chat::request_view& view,
                                                    std::string_view upstream_model,
                                                    const chat::quirks& how) const {
    std::vector<json::edit> edits;
    if (view.model != upstream_model) {
        std::string quoted;
        json::append_quoted(quoted, upstream_model);
        edits.push_back({view.model_at.begin, view.model_at.end, std::move(quoted)});
    }
    if (view.stream && !view.wants_usage && how.stream_options) {
        edits.push_back(ask_for_usage(body, view));
    }
    if (!how.max_completion_tokens && view.max_tokens) {
        rename_max_completion_tokens(body, edits);
    }
    std::sort(edits.begin(), edits.end(), [](const json::edit& a, const json::edit& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    return edits;
}

}  // namespace gaia::providers
