#include <algorithm>

#include "providers/openai_chat/turns.hpp"
#include "providers/openai_chat/words.hpp"

namespace gaia::providers {
namespace {

using chat::dialect_id;
using chat::part;
using chat::quirks;
using chat::role;

constexpr auto self = dialect_id::openai_chat;

std::string_view word(role who, const quirks& how) {
    switch (who) {
        case role::system:
            return "system";
        case role::developer:
            return how.developer_role ? "developer" : "system";
        case role::user:
            return "user";
        case role::assistant:
            return "assistant";
        case role::tool:
            return "tool";
    }
    return "user";
}

std::string at_index(const std::string& path, const char* of, std::size_t index) {
    return path + of + '[' + std::to_string(index) + ']';
}

failure cannot(const std::string& path, std::string_view what) {
    return fail(errc::unsupported_parameter,
                "The model that serves this request cannot take " + std::string(what) + ".",
                path);
}

bool is_content(const part& p) {
    return p.as<chat::tool_call_part>() == nullptr && p.as<chat::reasoning_part>() == nullptr &&
           p.as<chat::tool_result_part>() == nullptr;
}

// Arguments must be JSON for the upstream's template even when the model wrote none.
std::string_view arguments_of(const chat::tool_call_part& call) {
    return call.arguments.empty() && call.what == chat::tool_call_part::kind::function
               ? std::string_view("{}")
               : std::string_view(call.arguments);
}

std::string audio_format(const chat::audio_part& audio) {
    if (!audio.format.empty()) {
        return audio.format;
    }
    const auto& type = audio.source.media_type;
    if (type == "audio/mpeg") {
        return "mp3";
    }
    const auto slash = type.find('/');
    return slash == std::string::npos ? "wav" : type.substr(slash + 1);
}

}  // namespace

result<void> message_writer::write_all() {
    for (std::size_t i = 0; i != request_.turns.size(); ++i) {
        const auto& t = request_.turns[i];
        const auto path = at_index("", "turns", i);
        const auto wrote = t.role == role::tool ? write_tool_turn(t, path) : write_turn(t, path);
        if (!wrote) {
            return wrote.error();
        }
    }
    return {};
}

void message_writer::write_extras(const chat::extras& other, const std::string& path) {
    for (const auto& each : other.members) {
        if (other.from == self) {
            out_.raw(each.key, each.raw);
        } else {
            losses_.dropped(path + '.' + each.key, "unknown to chat completions");
        }
    }
}

void message_writer::write_cache(const part& p, const std::string& path) {
    if (!p.cache) {
        return;
    }
    if (!target_.how.cache_marks) {
        losses_.dropped(path + ".cache", "the vendor caches by itself");
        return;
    }
    out_.object("cache_control").text("type", "ephemeral");
    if (!p.cache->ttl.empty()) {
        out_.text("ttl", p.cache->ttl);
    }
    out_.end_object();
}

// Content that can be one string. What has members of its own does not count.
bool message_writer::plain(const std::vector<part>& parts) const {
    std::size_t texts = 0;
    for (const auto& each : parts) {
        if (!is_content(each)) {
            continue;
        }
        if (each.as<chat::text_part>() == nullptr || (each.cache && target_.how.cache_marks) ||
            ++texts > 1) {
            return false;
        }
    }
    return true;
}

result<void> message_writer::write_part(const part& p, const std::string& path) {
    if (const auto* native = p.as<chat::native_part>()) {
        if (native->from == self) {
            out_.raw(native->raw);
        } else {
            losses_.dropped(path, "a block that only its own dialect understands");
        }
        return {};
    }
    const auto* document = p.as<chat::document_part>();
    if (document != nullptr && document->source.at == chat::media::kind::url && !document->text) {
        return cannot(path, "a document by its address");
    }
    out_.begin_object();
    if (const auto* text = p.as<chat::text_part>()) {
        out_.text("type", "text").text("text", text->text);
    } else if (const auto* image = p.as<chat::image_part>()) {
        if (image->source.at == chat::media::kind::file_id) {
            return cannot(path, "an image by its file id");
        }
        out_.text("type", "image_url").object("image_url").text("url", uri_of(image->source));
        if (!image->detail.empty()) {
            out_.text("detail", image->detail);
        }
        out_.end_object();
    } else if (const auto* audio = p.as<chat::audio_part>()) {
        if (audio->source.at != chat::media::kind::base64) {
            return cannot(path, "a recording by its address");
        }
        out_.text("type", "input_audio").object("input_audio");
        out_.text("data", audio->source.data).text("format", audio_format(*audio)).end_object();
    } else if (document != nullptr && document->text) {
        out_.text("type", "text");
        out_.text(
            "text",
            document->name.empty() ? *document->text : document->name + "\n\n" + *document->text);
        losses_.emulated(path, "a text document as text");
    } else if (document != nullptr) {
        out_.text("type", "file").object("file");
        if (document->source.at == chat::media::kind::file_id) {
            out_.text("file_id", document->source.data);
        } else {
            out_.text("filename", document->name.empty() ? "document.pdf" : document->name);
            out_.text("file_data", uri_of(document->source));
        }
        out_.end_object();
    } else if (const auto* refusal = p.as<chat::refusal_part>()) {
        out_.text("type", "refusal").text("refusal", refusal->text);
    }
    write_cache(p, path);
    out_.end_object();
    return {};
}

result<void> message_writer::write_content(const std::vector<part>& parts,
                                           const std::string& path) {
    out_.begin_array();
    for (std::size_t i = 0; i != parts.size(); ++i) {
        if (!is_content(parts[i])) {
            continue;
        }
        if (auto wrote = write_part(parts[i], at_index(path, ".parts", i)); !wrote) {
            return wrote;
        }
    }
    out_.end_array();
    return {};
}

result<void> message_writer::write_turn(const chat::turn& t, const std::string& path) {
    out_.begin_object().text("role", word(t.role, target_.how));
    if (!t.name.empty()) {
        out_.text("name", t.name);
    }
    if (t.role == role::assistant) {
        write_assistant(t, path);
    } else if (plain(t.parts)) {
        out_.text("content", joined_text(t.parts));
        for (std::size_t i = 0; i != t.parts.size(); ++i) {
            if (t.parts[i].cache) {
                losses_.dropped(at_index(path, ".parts", i) + ".cache",
                                "the vendor caches by itself");
            }
        }
    } else {
        out_.key("content");
        if (auto wrote = write_content(t.parts, path); !wrote) {
            return wrote;
        }
    }
    write_extras(t.other, path);
    out_.end_object();
    return {};
}

// Assistant content is text and refusals; everything else of a turn has members of its own.
void message_writer::write_assistant(const chat::turn& t, const std::string& path) {
    std::string refusal;
    std::string audio;
    bool has_text = false;
    bool has_calls = false;
    std::vector<part> texts;
    for (std::size_t i = 0; i != t.parts.size(); ++i) {
        const auto& each = t.parts[i];
        if (const auto* said = each.as<chat::refusal_part>()) {
            refusal += said->text;
        } else if (const auto* earlier = each.as<chat::audio_part>()) {
            audio = earlier->id;
        } else if (each.as<chat::text_part>() != nullptr) {
            has_text = true;
            texts.push_back(each);
        } else if (each.as<chat::tool_call_part>() != nullptr) {
            has_calls = true;
        } else if (each.as<chat::reasoning_part>() == nullptr) {
            losses_.dropped(at_index(path, ".parts", i), "assistant messages hold text alone");
        }
    }
    if (!has_text && (has_calls || !refusal.empty() || !audio.empty())) {
        out_.null("content");
    } else if (plain(texts)) {
        out_.text("content", joined_text(texts));
    } else {
        out_.array("content");
        for (std::size_t i = 0; i != t.parts.size(); ++i) {
            if (const auto* text = t.parts[i].as<chat::text_part>()) {
                out_.begin_object().text("type", "text").text("text", text->text);
                write_cache(t.parts[i], at_index(path, ".parts", i));
                out_.end_object();
            }
        }
        out_.end_array();
    }
    if (!refusal.empty()) {
        out_.text("refusal", refusal);
    }
    if (!audio.empty()) {
        out_.object("audio").text("id", audio).end_object();
    }
    write_reasoning(t, path);
    if (has_calls) {
        write_calls(t);
    }
}

void message_writer::write_reasoning(const chat::turn& t, const std::string& path) {
    std::string text;
    bool any = false;
    for (const auto& each : t.parts) {
        if (const auto* thought = each.as<chat::reasoning_part>()) {
            any = true;
            text += readable(*thought);
        }
    }
    if (!any) {
        return;
    }
    switch (target_.how.replay) {
        case quirks::reasoning_out::reasoning_content:
            out_.text("reasoning_content", text);
            return;
        case quirks::reasoning_out::reasoning:
            out_.text("reasoning", text);
            return;
        case quirks::reasoning_out::details: {
            out_.array("reasoning_details");
            std::int64_t index = 0;
            for (const auto& each : t.parts) {
                if (each.as<chat::reasoning_part>() != nullptr) {
                    for (const auto& detail : details_of(each, index)) {
                        write_detail(out_, detail);
                    }
                    ++index;
                }
            }
            out_.end_array();
            return;
        }
        case quirks::reasoning_out::none:
            if (!reasoning_reported_) {  // one entry for all turns: long loops are ordinary
                reasoning_reported_ = true;
                losses_.dropped(path + ".reasoning", "the vendor takes no reasoning back");
            }
            return;
    }
}

void message_writer::write_calls(const chat::turn& t) {
    out_.array("tool_calls");
    for (const auto& each : t.parts) {
        const auto* call = each.as<chat::tool_call_part>();
        if (call == nullptr) {
            continue;
        }
        const bool custom = call->what == chat::tool_call_part::kind::custom;
        out_.begin_object().text("id", call->id);
        out_.text("type", custom ? "custom" : "function").object(custom ? "custom" : "function");
        out_.text("name", names_.outward(call->name));
        out_.text(custom ? "input" : "arguments", arguments_of(*call)).end_object();
        if (each.signature && each.signature->from == dialect_id::gemini &&
            target_.how.google_signatures) {
            write_google_signature(out_, each.signature->data);
        }
        out_.end_object();
    }
    out_.end_array();
}

// One message per result, all of them before anything else; what a tool message cannot hold
// follows in a user message.
result<void> message_writer::write_tool_turn(const chat::turn& t, const std::string& path) {
    std::vector<std::pair<std::string, part>> beside;
    for (std::size_t i = 0; i != t.parts.size(); ++i) {
        const auto* body = t.parts[i].as<chat::tool_result_part>();
        if (body == nullptr) {
            continue;
        }
        const auto here = at_index(path, ".parts", i);
        std::vector<part> content;
        for (const auto& each : body->content) {
            const bool text = each.as<chat::text_part>() != nullptr;
            if (text || target_.how.tool_images || each.as<chat::native_part>() != nullptr) {
                content.push_back(each);
            } else {
                beside.emplace_back(body->call_id, each);
                losses_.emulated(here + ".content", "sent in a user message after the result");
            }
        }
        if (body->is_error) {
            losses_.changed(here + ".is_error", "said in the text of the result");
            content.insert(content.begin(), chat::text_of("Error: "));
        }
        out_.begin_object().text("role", "tool").text("tool_call_id", body->call_id);
        if (!body->name.empty() && request_.from == self) {
            out_.text("name", names_.outward(body->name));
        }
        const bool all_text = std::all_of(content.begin(), content.end(), [](const part& each) {
            return each.as<chat::text_part>() != nullptr;
        });
        if (plain(content) || (body->is_error && all_text)) {
            out_.text("content", joined_text(content));
        } else {
            out_.key("content");
            if (auto wrote = write_content(content, here + ".content"); !wrote) {
                return wrote;
            }
        }
        write_cache(t.parts[i], here);
        out_.end_object();
    }
    if (beside.empty()) {
        return {};
    }
    out_.begin_object().text("role", "user").array("content");
    std::string last;
    for (const auto& [call_id, each] : beside) {
        if (call_id != last) {
            last = call_id;
            out_.begin_object().text("type", "text");
            out_.text("text", "Attached to the result of tool call " + call_id + ":").end_object();
        }
        if (auto wrote = write_part(each, path); !wrote) {
            return wrote;
        }
    }
    out_.end_array().end_object();
    return {};
}

}  // namespace gaia::providers
