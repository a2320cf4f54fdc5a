#include "providers/openai_chat/stream_decoder.hpp"

#include <algorithm>

#include "providers/openai_chat/codec.hpp"
#include "providers/openai_chat/error.hpp"
#include "providers/openai_chat/meter.hpp"

namespace gaia::providers {
namespace {

using chat::decode_state;
using json::value;
namespace events = chat::events;

constexpr std::int64_t choice_index_max = 63;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '\n')) {
        text.remove_suffix(1);
    }
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    return text;
}

// An `error` member that says there is none occurs.
bool is_error(const value& raw) {
    return raw.given() && raw.raw() != "false" && !raw.is("");
}

}  // namespace

openai_stream_decoder::openai_stream_decoder(const chat::decode_options& how)
    : splitter_(how.event_bytes_max), limit_(how.limit), seed_(how.seed) {}

void openai_stream_decoder::feed(std::string_view bytes, chat::event_list& out) {
    if (over()) {
        return;
    }
    splitter_.feed(bytes);
    while (const auto event = splitter_.next()) {
        take(*event, out);
        if (over()) {
            return;
        }
    }
    if (splitter_.overflown()) {
        break_off("stream: an event is above the limit", out);
    }
}

void openai_stream_decoder::end(chat::event_list& out) {
    if (over()) {
        return;
    }
    // A last event without its blank line counts when it is whole.
    if (const auto event = splitter_.finish();
        event && event->has_data &&
        (trimmed(event->data) == "[DONE]" || json::validate(event->data, limit_))) {
        take(*event, out);
    }
    if (over()) {
        return;
    }
    if (every_choice_finished()) {
        finish(out);
    } else if (state_ == decode_state::waiting) {
        break_off("stream: ended before its first event", out);
    } else {
        fail_with(fail_detail(errc::stream_interrupted, "stream: ended without finish_reason"),
                  out);
    }
}

void openai_stream_decoder::take(const wire::sse_event& event, chat::event_list& out) {
    const auto data = trimmed(event.data);
    if (!event.has_data) {
        out.emplace_back(events::ping{});
    } else if (data == "[DONE]") {
        if (choices_.empty()) {
            break_off("stream: [DONE] before anything else", out);
        } else {
            finish(out);
        }
    } else if (!data.empty()) {
        if (const auto checked = json::validate(data, limit_); !checked) {
            break_off("stream: event: " + std::string(json::describe(checked.what)), out);
            return;
        }
        take_answer(value(data), event.name, out);
    }
}

void openai_stream_decoder::take_answer(const value& raw,
                                        std::string_view event_name,
                                        chat::event_list& out) {
    value choices, usage, error, object, detail, groq, tier;
    for (auto key = raw.members(); key.next();) {
        const auto name = key.key();
        const value v(key.value());
        if (name == "choices") {
            choices = v;
        } else if (name == "usage") {
            usage = v;
        } else if (name == "error") {
            error = v;
        } else if (name == "object") {
            object = v;
        } else if (name == "detail") {
            detail = v;
        } else if (name == "x_groq") {
            groq = v;
        } else if (name == "service_tier") {
            tier = v;
        }
    }
    if (!raw.is_object() || (choices.given() && !choices.is_array())) {
        break_off("stream: event: no object with an array of choices", out);
        return;
    }
    bool seen = false;
    bool choice_error = false;
    if (usage.given() || choices.items().begin() != nullptr) {
        start(raw, out);
    }
    for (const auto choice : choices.items()) {
        if (!choice.is_object()) {
            break_off("stream: event: a choice is no object", out);
            return;
        }
        seen = true;
        choice_error = take_choice(choice, out) || choice_error;
    }
    if (usage.given()) {
        take_usage(usage, out);
    } else if (groq["usage"].given() && state_ == decode_state::streaming) {
        take_usage(groq["usage"], out);
    }
    if (tier.is_text()) {
        service_tier_ = tier.text();
    }
    const bool under_way = state_ == decode_state::streaming;
    if (is_error(error) || event_name == "error" || object.is("error") ||
        (!choices.given() && detail.given())) {
        fail_with(map_error_in_success(read_error(raw.raw()), under_way), out);
    } else if (choice_error) {
        fail_with(
            map_error_in_success(
                read_error(error_of_choice_.empty() ? raw.raw() : error_of_choice_), under_way),
            out);
    } else if (seen && std::any_of(choices_.begin(), choices_.end(), [](const auto& each) {
                   return each.second.broken();
               })) {
        break_off("stream: a tool call without a name", out);
    }
}

void openai_stream_decoder::start(const value& raw, chat::event_list& out) {
    if (state_ != decode_state::waiting) {
        return;
    }
    state_ = decode_state::streaming;
    auto created = raw["created"].integer();
    if (created && *created <= 0) {
        created.reset();
    }
    out.emplace_back(events::start{raw["id"].text(),
                                   raw["model"].text(),
                                   created,
                                   raw["service_tier"].text(),
                                   raw["system_fingerprint"].text()});
}

choice_reader& openai_stream_decoder::reader_of(std::uint32_t index) {
    for (auto& [at, reader] : choices_) {
        if (at == index) {
            return reader;
        }
    }
    // Numbered in the order in which they come, so that an upstream's gap is none of ours.
    const auto own = static_cast<std::uint32_t>(choices_.size());
    return choices_.emplace_back(index, choice_reader(own, seed_)).second;
}

// True when the choice says that it failed.
bool openai_stream_decoder::take_choice(const value& raw, chat::event_list& out) {
    value delta, message, reason, logprobs, error;
    std::int64_t index = 0;
    for (auto key = raw.members(); key.next();) {
        const auto name = key.key();
        const value v(key.value());
        if (name == "delta") {
            delta = v;
        } else if (name == "message") {
            message = v;
        } else if (name == "index") {
            index = std::clamp<std::int64_t>(v.integer().value_or(0), 0, choice_index_max);
        } else if (name == "finish_reason") {
            reason = v;
        } else if (name == "logprobs") {
            logprobs = v;
        } else if (name == "error") {
            error = v;
        }
    }
    auto& reader = reader_of(static_cast<std::uint32_t>(index));
    if (delta.is_object()) {
        reader.delta(delta, out);
    } else if (!reader.any()) {  // Perplexity repeats all of the message beside each delta
        reader.delta(message, out);
    }
    reader.logprobs(logprobs, out);
    if (error.is_object() || reason.is("error")) {  // OpenRouter
        error_of_choice_ = error.is_object() ? error.raw() : std::string_view();
        return true;
    }
    if (auto end = read_finish(reason)) {
        reader.finish(std::move(end), out);
    }
    return false;
}

// Counts are cumulative where a vendor sends them with every chunk: the last reading wins.
void openai_stream_decoder::take_usage(const value& raw, chat::event_list& out) {
    if (raw.raw() == usage_raw_) {
        return;
    }
    usage_raw_ = raw.raw();
    const auto reading = read_usage(raw.raw());
    if (reading.usage.known() || reading.usage.clamped) {
        out.emplace_back(events::usage{reading.usage});
    }
}

void openai_stream_decoder::finish(chat::event_list& out) {
    for (auto& [index, reader] : choices_) {
        reader.finish(std::nullopt, out);
        if (reader.broken()) {
            break_off("stream: a tool call without a name", out);
            return;
        }
    }
    state_ = decode_state::finished;
    out.emplace_back(events::end{service_tier_});
}

bool openai_stream_decoder::every_choice_finished() const noexcept {
    return !choices_.empty() && std::all_of(choices_.begin(), choices_.end(), [](const auto& each) {
        return each.second.finished();
    });
}

void openai_stream_decoder::fail_with(failure f, chat::event_list& out) {
    if (over()) {
        return;
    }
    error_ = f;
    state_ = decode_state::failed;
    out.emplace_back(events::error{std::move(f)});
}

void openai_stream_decoder::break_off(std::string detail, chat::event_list& out) {
    fail_with(fail_detail(errc::upstream_broken, std::move(detail)), out);
}

std::unique_ptr<chat::stream_decoder> openai_chat_codec::decode_stream(
    const chat::decode_options& how) const {
    return std::make_unique<openai_stream_decoder>(how);
}

}  // namespace gaia::providers
