#include "core/json/write.hpp"
#include "providers/openai_chat/codec.hpp"
#include "providers/openai_chat/stream_encoder.hpp"
#include "providers/openai_chat/words.hpp"

namespace gaia::providers {
namespace {

using chat::dialect_id;

constexpr auto self = dialect_id::openai_chat;

void write_own(json::writer& out, const chat::extras& other) {
    if (other.from == self) {
        for (const auto& each : other.members) {
            out.raw(each.key, each.raw);
        }
    }
}

// What the members of a message are gathered from.
struct message {
    explicit message(const chat::choice& choice) {
        for (const auto& each : choice.parts) {
            if (const auto* said = each.as<chat::text_part>()) {
                has_text = true;
                text += said->text;
                for (const auto& c : said->citations) {
                    citations.push_back(&c);
                }
                if (each.signature && each.signature->from == dialect_id::gemini) {
                    signature = each.signature->data;
                }
            } else if (const auto* thought = each.as<chat::reasoning_part>()) {
                reasoning += readable(*thought);
                const auto all = details_of(each, static_cast<std::int64_t>(thoughts++));
                details.insert(details.end(), all.begin(), all.end());
                worth_details = worth_details || each.signature || !thought->encrypted.empty() ||
                                !thought->summary.empty();
            } else if (const auto* refused = each.as<chat::refusal_part>()) {
                refusal += refused->text;
            } else if (each.as<chat::tool_call_part>() != nullptr) {
                calls.push_back(&each);
            } else if (const auto* sound = each.as<chat::audio_part>()) {
                audio = sound;
            } else if (const auto* image = each.as<chat::image_part>()) {
                images.push_back(image);
            }
        }
    }

    bool has_text = false;
    std::string text;
    std::string reasoning;
    std::string refusal;
    std::string signature;
    std::size_t thoughts = 0;
    bool worth_details = false;  // they say more than the plain text
    std::vector<reasoning_detail> details;
    std::vector<const chat::citation*> citations;
    std::vector<const chat::part*> calls;
    std::vector<const chat::image_part*> images;
    const chat::audio_part* audio = nullptr;
};

void write_calls(json::writer& out, const std::vector<const chat::part*>& calls) {
    out.array("tool_calls");
    for (const auto* each : calls) {
        const auto& call = *each->as<chat::tool_call_part>();
        const bool custom = call.what == chat::tool_call_part::kind::custom;
        const std::string_view kind = custom ? "custom" : "function";
        out.begin_object().text("id", call.id).text("type", kind).object(kind);
        out.text("name", call.name);
        out.text(custom ? "input" : "arguments",
                 call.arguments.empty() && !custom ? std::string_view("{}") : call.arguments);
        out.end_object();
        if (each->signature && each->signature->from == dialect_id::gemini) {
            write_google_signature(out, each->signature->data);
        }
        out.end_object();
    }
    out.end_array();
}

void write_audio(json::writer& out, const chat::audio_part& audio) {
    out.object("audio").text("id", audio.id).text("data", audio.source.data);
    out.integer("expires_at", audio.expires_at.value_or(0));
    out.text("transcript", audio.transcript).end_object();
}

void write_message(json::writer& out, const chat::choice& choice) {
    const message m(choice);
    out.object("message").text("role", "assistant");
    if (m.has_text || (m.calls.empty() && m.refusal.empty() && m.audio == nullptr)) {
        out.text("content", m.text);
    } else {
        out.null("content");
    }
    if (m.refusal.empty()) {
        out.null("refusal");
    } else {
        out.text("refusal", m.refusal);
    }
    if (!m.reasoning.empty()) {
        out.text("reasoning_content", m.reasoning);
    }
    if (m.worth_details) {
        out.array("reasoning_details");
        for (const auto& detail : m.details) {
            write_detail(out, detail);
        }
        out.end_array();
    }
    if (!m.citations.empty()) {
        out.array("annotations");
        for (const auto* c : m.citations) {
            write_annotation(out, *c);
        }
        out.end_array();
    }
    if (m.audio != nullptr) {
        write_audio(out, *m.audio);
    }
    if (!m.images.empty()) {
        out.array("images");
        for (const auto* image : m.images) {
            write_image(out, *image);
        }
        out.end_array();
    }
    if (!m.signature.empty()) {
        write_google_signature(out, m.signature);
    }
    if (!m.calls.empty()) {
        write_calls(out, m.calls);
    }
    out.end_object();
}

void write_choice(json::writer& out, const chat::choice& choice, std::int64_t index) {
    out.begin_object().integer("index", index);
    write_message(out, choice);
    if (choice.logprobs.empty() && choice.refusal_logprobs.empty()) {
        out.null("logprobs");
    } else {
        out.object("logprobs").key("content");
        write_logprobs(out, choice.logprobs);
        out.key("refusal");
        if (choice.refusal_logprobs.empty()) {
            out.null();
        } else {
            write_logprobs(out, choice.refusal_logprobs);
        }
        out.end_object();
    }
    write_finish(out, choice.end);
    write_own(out, choice.other);
    out.end_object();
}

}  // namespace

void write_image(json::writer& out, const chat::image_part& image) {
    out.begin_object().text("type", "image_url").object("image_url");
    out.text("url", uri_of(image.source)).end_object().end_object();
}

void write_finish(json::writer& out, const chat::choice_end& end) {
    out.text("finish_reason", finish_word(end.why));
    if (end.why == chat::finish_reason::other || end.why == chat::finish_reason::pause) {
        out.text("native_finish_reason", end.native);
    }
}

std::string openai_chat_codec::encode_response(const chat::response& answer,
                                               const chat::reply_facts& how) const {
    std::string body;
    json::writer out(body);
    out.begin_object().text("id", how.id.empty() ? answer.id : "chatcmpl-" + how.id);
    out.text("object", "chat.completion");
    out.integer("created", answer.created.value_or(how.created));
    out.text("model", how.model.empty() ? answer.model : how.model);
    out.array("choices");
    for (std::size_t i = 0; i != answer.choices.size(); ++i) {
        write_choice(out, answer.choices[i], static_cast<std::int64_t>(i));
    }
    out.end_array();
    if (answer.usage.known()) {
        out.key("usage");
        write_usage(out, answer.usage);
    }
    if (!answer.service_tier.empty()) {
        out.text("service_tier", answer.service_tier);
    }
    if (!answer.system_fingerprint.empty()) {
        out.text("system_fingerprint", answer.system_fingerprint);
    }
    write_own(out, answer.other);
    out.end_object();
    return body;
}

}  // namespace gaia::providers
