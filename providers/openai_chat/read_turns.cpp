#include "providers/openai_chat/turns.hpp"
#include "providers/openai_chat/words.hpp"

namespace gaia::providers {
namespace {

using chat::dialect_id;
using chat::part;
using chat::role;
using json::path;
using json::value;

constexpr auto self = dialect_id::openai_chat;

failure wrong(const path& at, std::string_view what) {
    const auto where = at.text();
    return fail(errc::invalid_value, "'" + where + "' " + std::string(what) + ".", where);
}

std::optional<role> role_of(const value& raw) {
    if (raw.is("system")) {
        return role::system;
    }
    if (raw.is("developer")) {
        return role::developer;
    }
    if (raw.is("user")) {
        return role::user;
    }
    if (raw.is("assistant") || raw.is("model")) {
        return role::assistant;
    }
    if (raw.is("tool") || raw.is("function")) {
        return role::tool;
    }
    return std::nullopt;
}

std::optional<chat::cache_mark> read_cache(const value& raw) {
    if (!raw.is_object()) {
        return std::nullopt;
    }
    return chat::cache_mark{raw["ttl"].text()};
}

part read_image(const value& raw) {
    chat::image_part image;
    const auto url = raw["image_url"];
    image.source = chat::media_of_uri(url.is_text() ? url.text() : url["url"].text());
    image.detail = url["detail"].text();
    return part(std::move(image));
}

part read_audio(const value& raw) {
    chat::audio_part audio;
    const auto input = raw["input_audio"];
    // Mistral takes the base64 text itself.
    audio.source.data = input.is_text() ? input.text() : input["data"].text();
    audio.format = input["format"].text();
    if (!audio.format.empty()) {
        audio.source.media_type = "audio/" + audio.format;
    }
    return part(std::move(audio));
}

part read_file(const value& raw) {
    chat::document_part document;
    const auto file = raw["file"];
    document.name = file["filename"].text();
    if (file["file_id"].is_text()) {
        document.source = {chat::media::kind::file_id, file["file_id"].text(), {}};
    } else {
        document.source = chat::media_of_uri(file["file_data"].text());
    }
    return part(std::move(document));
}

// Mistral's thinking block: {"type":"thinking","thinking":[{"type":"text","text":…}]}.
part read_thinking(const value& raw) {
    chat::reasoning_part thought;
    thought.from = self;
    const auto inner = raw["thinking"];
    thought.text = inner.text();
    for (const auto item : inner.items()) {
        thought.text += item["text"].text();
    }
    return part(std::move(thought));
}

result<void> read_content(const value& raw, const path& at, std::vector<part>& into) {
    if (raw.is_text()) {
        if (!raw.is("")) {
            into.push_back(chat::text_of(raw.text()));
        }
        return {};
    }
    if (!raw.given()) {
        return {};
    }
    if (!raw.is_array()) {
        return wrong(at, "must be a string or an array of content parts");
    }
    std::size_t index = 0;
    for (const auto item : raw.items()) {
        const path here(at, index++);
        auto read = read_part(item, here);
        if (!read) {
            return read.error();
        }
        into.push_back(std::move(*read));
    }
    return {};
}

// reasoning_details wherever they say something, else the plain text, else LiteLLM's blocks.
void read_reasoning(const value& message, std::vector<part>& into) {
    const auto details = read_details(message["reasoning_details"]);
    std::optional<std::int64_t> index;
    for (const auto& detail : details) {
        if (!index || *index != detail.index || into.empty()) {
            chat::reasoning_part fresh;
            fresh.id = detail.id;
            fresh.format = detail.format;
            fresh.from = detail.from;
            into.emplace_back(std::move(fresh));
            index = detail.index;
        }
        auto& thought = *into.back().as<chat::reasoning_part>();
        switch (detail.what) {
            case reasoning_detail::kind::text:
                thought.text += detail.text;
                break;
            case reasoning_detail::kind::summary:
                thought.summary.push_back(detail.text);
                break;
            case reasoning_detail::kind::encrypted:
                thought.encrypted += detail.text;
                break;
        }
        if (!detail.signature.empty()) {
            into.back().signature = chat::signature{detail.signature, detail.from};
        }
    }
    if (!into.empty()) {
        return;
    }
    for (const auto block : message["thinking_blocks"].items()) {
        chat::reasoning_part thought;
        thought.from = dialect_id::anthropic;
        thought.text = block["thinking"].text();
        thought.encrypted = block["data"].text();
        into.emplace_back(std::move(thought));
        if (block["signature"].is_text()) {
            into.back().signature =
                chat::signature{block["signature"].text(), dialect_id::anthropic};
        }
    }
    if (!into.empty()) {
        return;
    }
    const auto named = message["reasoning_content"];
    const auto text = named.given() ? named.text() : message["reasoning"].text();
    // DeepSeek wants reasoning_content in each turn of a tool loop, be it empty.
    if (!text.empty() || named.is_text()) {
        chat::reasoning_part thought;
        thought.from = self;
        thought.text = text;
        into.emplace_back(std::move(thought));
    }
}

// LiteLLM hides Gemini's signature behind the id of a call.
void read_call_id(std::string id, part& call) {
    constexpr std::string_view mark = "__thought__";
    auto* body = call.as<chat::tool_call_part>();
    if (const auto at = id.find(mark); at != std::string::npos) {
        if (!call.signature) {
            call.signature = chat::signature{id.substr(at + mark.size()), dialect_id::gemini};
        }
        id.resize(at);
    }
    body->id = std::move(id);
}

result<void> read_calls(const value& raw, const path& at, std::vector<part>& into) {
    std::size_t index = 0;
    for (const auto item : raw.items()) {
        const path here(at, index++);
        chat::tool_call_part call;
        const bool custom = item["type"].is("custom");
        const auto body = item[custom ? "custom" : "function"];
        if (!body["name"].is_text()) {
            return wrong(here, "must have a function with a name");
        }
        call.what =
            custom ? chat::tool_call_part::kind::custom : chat::tool_call_part::kind::function;
        call.name = body["name"].text();
        const auto arguments = body[custom ? "input" : "arguments"];
        call.arguments = arguments.is_object() ? json::compact(arguments.raw()) : arguments.text();
        part made(std::move(call));
        if (auto data = google_signature(item); !data.empty()) {
            made.signature = chat::signature{std::move(data), dialect_id::gemini};
        }
        read_call_id(item["id"].text(), made);
        if (made.as<chat::tool_call_part>()->id.empty()) {
            return wrong(here, "must have an id");
        }
        into.push_back(std::move(made));
    }
    return {};
}

// The id that a legacy function_call never had: the same in every turn that repeats it.
std::string legacy_id(std::string_view name, std::size_t turn) {
    return chat::made_call_id(chat::fingerprint(name), turn);
}

result<void> read_assistant(const value& raw, const path& at, chat::turn& t, std::size_t turns) {
    read_reasoning(raw, t.parts);
    const path content_at(at, "content");
    if (auto read = read_content(raw["content"], content_at, t.parts); !read) {
        return read;
    }
    for (auto& each : t.parts) {
        auto* text = each.as<chat::text_part>();
        if (text == nullptr) {
            continue;
        }
        for (const auto item : raw["annotations"].items()) {
            if (auto c = read_annotation(item)) {
                text->citations.push_back(std::move(*c));
            }
        }
        if (auto data = google_signature(raw); !data.empty()) {
            each.signature = chat::signature{std::move(data), dialect_id::gemini};
        }
        break;
    }
    if (const auto refusal = raw["refusal"]; refusal.is_text() && !refusal.is("")) {
        t.parts.emplace_back(chat::refusal_part{refusal.text()});
    }
    if (const auto audio = raw["audio"]; audio.is_object()) {
        chat::audio_part earlier;
        earlier.id = audio["id"].text();
        earlier.source.at = chat::media::kind::file_id;
        earlier.source.data = earlier.id;
        t.parts.emplace_back(std::move(earlier));
    }
    const path calls_at(at, "tool_calls");
    if (auto read = read_calls(raw["tool_calls"], calls_at, t.parts); !read) {
        return read;
    }
    if (const auto call = raw["function_call"]; call.is_object()) {
        const auto name = call["name"].text();
        t.parts.emplace_back(chat::tool_call_part{chat::tool_call_part::kind::function,
                                                  legacy_id(name, turns),
                                                  name,
                                                  call["arguments"].text()});
    }
    return {};
}

// The latest call of this name, for results of the legacy kind.
std::string called_id(const std::vector<chat::turn>& turns, std::string_view name) {
    for (auto t = turns.rbegin(); t != turns.rend(); ++t) {
        for (const auto& each : t->parts) {
            const auto* call = each.as<chat::tool_call_part>();
            if (call != nullptr && call->name == name) {
                return call->id;
            }
        }
    }
    return legacy_id(name, turns.size());
}

result<void> read_result(const value& raw, const path& at, std::vector<chat::turn>& turns) {
    chat::tool_result_part body;
    body.name = raw["name"].text();
    body.call_id =
        raw["role"].is("function") ? called_id(turns, body.name) : raw["tool_call_id"].text();
    if (const auto mark = body.call_id.find("__thought__"); mark != std::string::npos) {
        body.call_id.resize(mark);
    }
    if (body.call_id.empty()) {
        return fail(errc::missing_parameter,
                    "'" + at.text() + "' must have a tool_call_id.",
                    at.text() + ".tool_call_id");
    }
    const path content_at(at, "content");
    if (auto read = read_content(raw["content"], content_at, body.content); !read) {
        return read;
    }
    part made(std::move(body));
    made.cache = read_cache(raw["cache_control"]);
    if (turns.empty() || turns.back().role != role::tool) {
        turns.emplace_back();
        turns.back().role = role::tool;
    }
    turns.back().parts.push_back(std::move(made));
    return {};
}

bool is_known(const json::member_cursor& key) {
    for (const auto name : {"role",
                            "content",
                            "name",
                            "tool_calls",
                            "tool_call_id",
                            "function_call",
                            "refusal",
                            "audio",
                            "reasoning",
                            "annotations",
                            "extra_content",
                            "cache_control",
                            "reasoning_content",
                            "reasoning_details",
                            "thinking_blocks"}) {
        if (key.key_is(name)) {
            return true;
        }
    }
    return false;
}

}  // namespace

result<part> read_part(const value& raw, const path& at) {
    if (raw.is_text()) {  // some clients write ["text"]
        return chat::text_of(raw.text());
    }
    if (!raw.is_object()) {
        return wrong(at, "must be an object");
    }
    const auto type = raw["type"];
    part made;
    if (type.is("text") || (!type.given() && raw["text"].is_text())) {
        if (!raw["text"].is_text()) {
            return wrong(at, "must have a text");
        }
        made = chat::text_of(raw["text"].text());
    } else if (type.is("image_url")) {
        made = read_image(raw);
        if (made.as<chat::image_part>()->source.data.empty()) {
            return wrong(at, "must have an image_url");
        }
    } else if (type.is("input_audio")) {
        made = read_audio(raw);
    } else if (type.is("file")) {
        made = read_file(raw);
    } else if (type.is("refusal")) {
        made = part(chat::refusal_part{raw["refusal"].text()});
    } else if (type.is("thinking")) {
        made = read_thinking(raw);
    } else {
        made = part(chat::native_part{self, type.text(), json::compact(raw.raw())});
    }
    made.cache = read_cache(raw["cache_control"]);
    return made;
}

result<void> read_message(const value& raw, const path& at, std::vector<chat::turn>& turns) {
    if (!raw.is_object()) {
        return wrong(at, "must be an object");
    }
    const auto who = role_of(raw["role"]);
    if (!who) {
        return wrong(at, "must have a role: system, developer, user, assistant or tool");
    }
    if (*who == role::tool) {
        return read_result(raw, at, turns);
    }
    chat::turn t;
    t.role = *who;
    t.name = raw["name"].text();
    if (*who == role::assistant) {
        if (auto read = read_assistant(raw, at, t, turns.size()); !read) {
            return read;
        }
    } else {
        const path content_at(at, "content");
        if (auto read = read_content(raw["content"], content_at, t.parts); !read) {
            return read;
        }
    }
    if (auto mark = read_cache(raw["cache_control"]); mark && !t.parts.empty()) {
        t.parts.back().cache = std::move(mark);
    }
    for (auto key = raw.members(); key.next();) {
        if (key.type() != json::kind::null && !is_known(key)) {
            t.other.add(self, json::key_text(key), key.value());
        }
    }
    turns.push_back(std::move(t));
    return {};
}

}  // namespace gaia::providers
