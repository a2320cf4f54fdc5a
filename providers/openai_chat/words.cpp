#include "providers/openai_chat/words.hpp"

namespace gaia::providers {
namespace {

using chat::dialect_id;
using chat::finish_reason;

constexpr std::string_view google = "google-gemini-v1";
constexpr std::string_view anthropic = "anthropic-claude-v1";
constexpr std::string_view responses = "openai-responses-v1";

}  // namespace

std::optional<chat::choice_end> read_finish(const json::value& raw) {
    if (!raw.is_text() || raw.is("") || raw.is("null")) {
        return std::nullopt;
    }
    chat::choice_end end;
    end.native = raw.text();
    const auto& word = end.native;
    if (word == "stop" || word == "eos" || word == "end_turn" || word == "STOP") {
        end.why = finish_reason::stop;
    } else if (word == "length" || word == "max_tokens" || word == "model_length" ||
               word == "MAX_TOKENS") {
        end.why = finish_reason::length;
    } else if (word == "tool_calls" || word == "function_call" || word == "tool_use") {
        end.why = finish_reason::tool_calls;
    } else if (word == "content_filter" || word == "sensitive" || word == "SAFETY") {
        end.why = finish_reason::content_filter;
    } else if (word == "refusal") {
        end.why = finish_reason::refusal;
    } else {
        end.why = finish_reason::other;
    }
    return end;
}

std::string_view finish_word(finish_reason why) noexcept {
    switch (why) {
        case finish_reason::length:
        case finish_reason::context_full:
            return "length";
        case finish_reason::tool_calls:
            return "tool_calls";
        case finish_reason::content_filter:
        case finish_reason::refusal:
            return "content_filter";
        case finish_reason::stop:
        case finish_reason::stop_sequence:
        case finish_reason::pause:
        case finish_reason::other:
            return "stop";
    }
    return "stop";
}

dialect_id dialect_of_format(std::string_view format) noexcept {
    if (format.starts_with("anthropic")) {
        return dialect_id::anthropic;
    }
    if (format.starts_with("google")) {
        return dialect_id::gemini;
    }
    return format.find("responses") != std::string_view::npos ? dialect_id::openai_responses
                                                              : dialect_id::openai_chat;
}

std::string_view format_of_dialect(dialect_id which) noexcept {
    switch (which) {
        case dialect_id::anthropic:
            return anthropic;
        case dialect_id::gemini:
            return google;
        case dialect_id::openai_responses:
            return responses;
        case dialect_id::openai_chat:
        case dialect_id::none:
            return "unknown";
    }
    return "unknown";
}

std::vector<reasoning_detail> read_details(const json::value& raw) {
    std::vector<reasoning_detail> out;
    for (const auto item : raw.items()) {
        reasoning_detail detail;
        const auto type = item["type"];
        if (type.is("reasoning.summary")) {
            detail.what = reasoning_detail::kind::summary;
            detail.text = item["summary"].text();
        } else if (type.is("reasoning.encrypted")) {
            detail.what = reasoning_detail::kind::encrypted;
            detail.text = item["data"].text();
        } else if (type.is("reasoning.text")) {
            detail.text = item["text"].text();
            detail.signature = item["signature"].text();
        } else {
            continue;
        }
        detail.id = item["id"].text();
        detail.format = item["format"].text();
        detail.index = item["index"].integer().value_or(0);
        detail.from = dialect_of_format(detail.format);
        out.push_back(std::move(detail));
    }
    return out;
}

void write_detail(json::writer& out, const reasoning_detail& detail) {
    out.begin_object();
    switch (detail.what) {
        case reasoning_detail::kind::text:
            out.text("type", "reasoning.text").text("text", detail.text);
            if (!detail.signature.empty()) {
                out.text("signature", detail.signature);
            }
            break;
        case reasoning_detail::kind::summary:
            out.text("type", "reasoning.summary").text("summary", detail.text);
            break;
        case reasoning_detail::kind::encrypted:
            out.text("type", "reasoning.encrypted").text("data", detail.text);
            break;
    }
    if (!detail.id.empty()) {
        out.text("id", detail.id);
    }
    out.text("format", detail.format.empty() ? format_of_dialect(detail.from) : detail.format);
    out.integer("index", detail.index).end_object();
}

std::vector<reasoning_detail> details_of(const chat::part& p, std::int64_t index) {
    using kind = reasoning_detail::kind;
    std::vector<reasoning_detail> out;
    const auto* thought = p.as<chat::reasoning_part>();
    if (thought == nullptr) {
        return out;
    }
    const auto add = [&](kind what, std::string text, dialect_id from) {
        out.push_back({what, std::move(text), {}, thought->id, thought->format, index, from});
    };
    if (!thought->text.empty() || p.signature) {
        add(kind::text, thought->text, p.signature ? p.signature->from : thought->from);
        out.back().signature = p.signature ? p.signature->data : std::string();
    }
    for (const auto& summary : thought->summary) {
        add(kind::summary, summary, thought->from);
    }
    if (!thought->encrypted.empty()) {
        add(kind::encrypted, thought->encrypted, thought->from);
    }
    return out;
}

std::optional<chat::citation> read_annotation(const json::value& raw) {
    if (!raw.is_object()) {
        return std::nullopt;
    }
    chat::citation c;
    c.from = dialect_id::openai_chat;
    c.raw = json::compact(raw.raw());
    const auto url = raw["url_citation"];
    c.url = url["url"].text();
    c.title = url["title"].text();
    c.cited_text = url["content"].text();  // OpenRouter
    c.begin = url["start_index"].integer();
    c.end = url["end_index"].integer();
    return c;
}

void write_annotation(json::writer& out, const chat::citation& c) {
    if (c.from == dialect_id::openai_chat && !c.raw.empty()) {
        out.raw(c.raw);
        return;
    }
    out.begin_object().text("type", "url_citation").object("url_citation");
    out.integer("start_index", c.begin.value_or(0)).integer("end_index", c.end.value_or(0));
    out.text("title", c.title).text("url", c.url);
    if (!c.cited_text.empty()) {
        out.text("content", c.cited_text);
    }
    out.end_object().end_object();
}

void read_logprobs(const json::value& list, std::vector<chat::token_logprob>& into) {
    for (const auto item : list.items()) {
        if (!item.is_object()) {
            continue;
        }
        chat::token_logprob token;
        token.token = item["token"].text();
        token.logprob.spelling = item["logprob"].is_number() ? item["logprob"].raw() : "0";
        token.bytes = json::compact(item["bytes"].raw());
        for (const auto other : item["top_logprobs"].items()) {
            chat::token_logprob top;
            top.token = other["token"].text();
            top.logprob.spelling = other["logprob"].is_number() ? other["logprob"].raw() : "0";
            top.bytes = json::compact(other["bytes"].raw());
            token.top.push_back(std::move(top));
        }
        into.push_back(std::move(token));
    }
}

namespace {

void write_token(json::writer& out, const chat::token_logprob& token) {
    out.text("token", token.token).raw("logprob", token.logprob.spelling);
    out.raw("bytes", token.bytes.empty() ? std::string_view("null") : token.bytes);
}

}  // namespace

void write_logprobs(json::writer& out, const std::vector<chat::token_logprob>& tokens) {
    out.begin_array();
    for (const auto& token : tokens) {
        out.begin_object();
        write_token(out, token);
        out.array("top_logprobs");
        for (const auto& top : token.top) {
            out.begin_object();
            write_token(out, top);
            out.end_object();
        }
        out.end_array().end_object();
    }
    out.end_array();
}

void write_usage(json::writer& out, const chat::usage& u) {
    const auto prompt = u.prompt.value_or(0);
    const auto completion = u.completion.value_or(0);
    out.begin_object().integer("prompt_tokens", prompt).integer("completion_tokens", completion);
    out.integer("total_tokens", prompt + completion);
    out.object("prompt_tokens_details").integer("cached_tokens", u.cache_read.value_or(0));
    if (u.cache_write) {
        out.integer("cache_write_tokens", *u.cache_write);
    }
    out.integer("audio_tokens", u.audio_in.value_or(0)).end_object();
    out.object("completion_tokens_details").integer("reasoning_tokens", u.reasoning.value_or(0));
    out.integer("audio_tokens", u.audio_out.value_or(0)).end_object().end_object();
}

std::string google_signature(const json::value& of) {
    return of["extra_content"]["google"]["thought_signature"].text();
}

void write_google_signature(json::writer& out, std::string_view data) {
    out.object("extra_content").object("google").text("thought_signature", data);
    out.end_object().end_object();
}

std::string readable(const chat::reasoning_part& thought) {
    if (!thought.text.empty()) {
        return thought.text;
    }
    std::string out;
    for (const auto& summary : thought.summary) {
        if (!out.empty()) {
            out += "\n\n";
        }
        out += summary;
    }
    return out;
}

}  // namespace gaia::providers
