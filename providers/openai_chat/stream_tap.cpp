#include "providers/openai_chat/stream_tap.hpp"

#include <algorithm>
#include <array>

#include "providers/openai_chat/error.hpp"
#include "providers/openai_chat/meter.hpp"
#include "providers/openai_chat/openai_chat.hpp"
#include "providers/openai_chat/output.hpp"

namespace gaia::providers {
namespace {

enum : std::size_t { at_choices, at_usage, at_error, at_object, at_detail, at_x_groq, key_count };
constexpr std::array<std::string_view, key_count> keys{
    "choices", "usage", "error", "object", "detail", "x_groq"};

// Events without output or usage are held while nothing commits the gateway, so that an error that
// comes first can still be a status. Azure opens with prompt_filter_results, proxies with comments.
constexpr std::size_t held_bytes_max = 16 * 1024;
constexpr std::size_t finish_reason_bytes_max = 64;
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
bool is_error(const json::found& at, std::string_view text) {
    return at && at.type != json::kind::null && at.in(text) != "false" && at.in(text) != R"("")";
}

}  // namespace

// What one event turned out to hold.
struct openai_stream_tap::chunk {
    bool choice = false;
    bool error = false;
    std::string_view error_raw;  // of a choice, OpenRouter
};

openai_stream_tap::openai_stream_tap(bool wants_usage, std::size_t event_bytes_max)
    : splitter_(event_bytes_max), wants_usage_(wants_usage) {}

void openai_stream_tap::feed(std::string_view bytes, std::string& out) {
    if (state_ == chat::tap_state::finished || state_ == chat::tap_state::failed) {
        return;
    }
    splitter_.feed(bytes);
    while (const auto event = splitter_.next()) {
        take(*event, out);
        if (state_ == chat::tap_state::finished || state_ == chat::tap_state::failed) {
            return;
        }
    }
    if (splitter_.overflown()) {
        break_off("stream: an event is above the limit",
                  "The model provider sent an event that is too large.");
    }
}

void openai_stream_tap::end(std::string& out) {
    if (state_ == chat::tap_state::finished || state_ == chat::tap_state::failed) {
        return;
    }
    if (const auto event = splitter_.finish()) {
        take_last(*event, out);
    } else if (splitter_.overflown()) {
        break_off("stream: an event is above the limit");
    }
    if (state_ == chat::tap_state::finished || state_ == chat::tap_state::failed) {
        return;
    }
    if (every_choice_finished()) {
        commit(out);
        out += "data: [DONE]\n\n";
        state_ = chat::tap_state::finished;
    } else if (state_ == chat::tap_state::waiting) {
        break_off("stream: ended before its first event");
    } else {
        fail_with(fail_detail(errc::stream_interrupted, "stream: ended without finish_reason"));
    }
}

// What the upstream's end left without a blank line: a whole event, which some leave so, or the
// beginning of one, which is dropped.
void openai_stream_tap::take_last(const wire::sse_event& event, std::string& out) {
    const bool whole =
        event.has_data && (trimmed(event.data) == "[DONE]" || json::validate(event.data));
    if (!whole) {
        return;
    }
    const auto before = out.size();
    take(event, out);
    if (out.size() != before) {  // so that nothing that follows is joined to it
        out += out.ends_with('\n') || out.ends_with('\r') ? "\n" : "\n\n";
    }
}

void openai_stream_tap::take(const wire::sse_event& event, std::string& out) {
    const auto data = trimmed(event.data);
    if (!event.has_data) {
        // A comment or a bare field.
        if (state_ == chat::tap_state::waiting) {
            held_ += event.raw;
            if (held_.size() > held_bytes_max) {
                commit(out);
            }
        } else {
            out += event.raw;
        }
    } else if (data == "[DONE]") {
        if (state_ == chat::tap_state::waiting && choices_seen_ == 0 && !usage_.known()) {
            break_off("stream: [DONE] before anything else");
            return;
        }
        commit(out);
        out += event.raw;
        state_ = chat::tap_state::finished;
    } else if (!data.empty()) {
        take_json(event, out);
    }
    // An empty data field is no JSON and SDKs fail on it: it is left out.
}

void openai_stream_tap::take_json(const wire::sse_event& event, std::string& out) {
    std::array<json::found, key_count> at;
    const auto peeked = json::peek(event.data, keys, at);
    if (!peeked) {
        break_off("stream: event: " + std::string(json::describe(peeked.what)));
        return;
    }
    const auto& choices = at[at_choices];
    const bool has_choices = choices && choices.type != json::kind::null;
    chunk seen;
    seen.error = is_error(at[at_error], event.data) || event.name == "error" ||
                 at[at_object].in(event.data) == R"("error")" ||
                 (!has_choices && at[at_detail] && at[at_detail].type != json::kind::null);
    if (has_choices) {
        if (choices.type != json::kind::array || !choices.only_objects) {
            break_off("stream: event: choices is no array of objects");
            return;
        }
        take_choices(choices.in(event.data), seen);
    }
    const bool has_usage = at[at_usage] && at[at_usage].type != json::kind::null;
    if (has_usage) {
        take_usage(at[at_usage].in(event.data));
    } else if (at[at_x_groq].type == json::kind::object) {
        take_usage(json::member(at[at_x_groq].in(event.data), "usage"));
    }
    if (seen.error) {
        const bool inside = !is_error(at[at_error], event.data) && !seen.error_raw.empty();
        const bool under_way = state_ == chat::tap_state::streaming;
        fail_with(
            map_error_in_success(read_error(inside ? seen.error_raw : event.data), under_way));
        return;
    }
    if (state_ == chat::tap_state::waiting && !seen.choice && !has_usage) {
        held_ += event.raw;
        if (held_.size() > held_bytes_max) {
            commit(out);
        }
        return;
    }
    commit(out);
    const bool usage_only = has_usage && has_choices && choices.items == 0;
    if (!usage_only || wants_usage_) {
        out += event.raw;
    }
}

void openai_stream_tap::take_choices(std::string_view choices, chunk& seen) {
    for (json::element_cursor choice(choices); choice.next();) {
        seen.choice = true;
        take_choice(choice.value(), seen);
    }
}

void openai_stream_tap::take_choice(std::string_view choice, chunk& seen) {
    std::int64_t index = 0;
    bool finished = false;
    for (json::member_cursor member(choice); member.next();) {
        const auto key = member.key();
        if (key == "delta") {
            if (member.type() == json::kind::object) {
                const auto tokens = output_of(member.value());
                output_tokens_ += tokens;
                content_events_ += tokens > 0 ? 1 : 0;
            }
        } else if (key == "index") {
            index = std::clamp<std::int64_t>(
                json::to_int64(member.value()).value_or(0), 0, choice_index_max);
        } else if (key == "finish_reason") {
            if (member.type() != json::kind::string || member.value() == R"("")" ||
                member.value() == R"("null")") {
                continue;
            }
            finished = true;
            seen.error = seen.error || member.value() == R"("error")";
            if (index == 0 && member.value().size() <= finish_reason_bytes_max) {
                finish_reason_ = json::to_text(member.value());
            }
        } else if (key == "error" && member.type() == json::kind::object) {  // OpenRouter
            seen.error = true;
            seen.error_raw = member.value();
        }
    }
    const auto bit = std::uint64_t{1} << index;
    choices_seen_ |= bit;
    choices_finished_ |= finished ? bit : 0;
}

// Counts are cumulative where a vendor sends them with every chunk: the last reading wins.
void openai_stream_tap::take_usage(std::string_view raw) {
    const auto reading = read_usage(raw);
    const bool clamped = usage_.clamped || reading.usage.clamped;
    if (reading.usage.known()) {
        usage_ = reading.usage;
    }
    usage_.clamped = clamped;
}

// Something real has come: what was held goes out, in order.
void openai_stream_tap::commit(std::string& out) {
    if (state_ != chat::tap_state::waiting) {
        return;
    }
    state_ = chat::tap_state::streaming;
    out += held_;
    std::string().swap(held_);
}

void openai_stream_tap::fail_with(failure f) {
    error_ = std::move(f);
    state_ = chat::tap_state::failed;
    std::string().swap(held_);
}

void openai_stream_tap::break_off(std::string detail, std::string message) {
    failure f = fail(errc::upstream_broken, std::move(message));
    f.detail = std::move(detail);
    fail_with(std::move(f));
}

bool openai_stream_tap::every_choice_finished() const noexcept {
    return choices_seen_ != 0 && (choices_seen_ & ~choices_finished_) == 0;
}

std::unique_ptr<chat::stream_tap> openai_chat::tap(const chat::request_view& view,
                                                   std::size_t event_bytes_max) const {
    return std::make_unique<openai_stream_tap>(view.wants_usage, event_bytes_max);
}

}  // namespace gaia::providers
