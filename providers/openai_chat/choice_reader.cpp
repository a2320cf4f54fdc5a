#include "providers/openai_chat/choice_reader.hpp"

#include <algorithm>

#include "core/chat/names.hpp"

namespace gaia::providers {
namespace {

using chat::dialect_id;
using chat::events::part_kind;
using json::value;
namespace events = chat::events;

constexpr std::size_t calls_max = 512;  // of one choice; what comes beyond is broken

}  // namespace

void object_end::feed(std::string_view text) noexcept {
    for (const char c : text) {
        if (escape_) {
            escape_ = false;
        } else if (string_) {
            escape_ = c == '\\';
            string_ = c != '"';
        } else if (c == '"') {
            string_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
        } else if ((c == '}' || c == ']') && depth_ != 0) {
            --depth_;
            ended_ = ended_ || depth_ == 0;
        }
    }
}

std::uint32_t choice_reader::speak(
    part_kind kind, chat::event_list& out, std::string id, std::string format, dialect_id from) {
    if (!open_ || open_->kind != kind) {
        hush(out);
        open_ = speaking{next_++, kind, 0, 0};
        out.emplace_back(
            events::part_start{choice_, open_->part, kind, std::move(id), std::move(format), from});
    }
    return open_->part;
}

void choice_reader::hush(chat::event_list& out) {
    if (open_) {
        out.emplace_back(events::part_end{choice_, open_->part});
        open_.reset();
    }
}

void choice_reader::text(std::string said, chat::event_list& out) {
    if (!said.empty()) {
        const auto part = speak(part_kind::text, out);
        out.emplace_back(events::text_delta{choice_, part, std::move(said)});
    }
}

void choice_reader::thought(std::string said, chat::event_list& out) {
    if (!said.empty()) {
        const auto part = speak(part_kind::reasoning, out);
        out.emplace_back(events::reasoning_delta{choice_, part, std::move(said), std::nullopt});
    }
}

// Text, or Mistral's blocks of text and thought.
void choice_reader::content(const value& raw, chat::event_list& out) {
    if (raw.is_text()) {
        text(raw.text(), out);
        return;
    }
    for (const auto item : raw.items()) {
        const auto thinking = item["thinking"];
        if (thinking.is_text()) {
            thought(thinking.text(), out);
        } else if (thinking.is_array()) {
            for (const auto each : thinking.items()) {
                thought(each["text"].text(), out);
            }
        } else if (item["text"].is_text()) {
            text(item["text"].text(), out);
        }
    }
}

void choice_reader::details(const std::vector<reasoning_detail>& all, chat::event_list& out) {
    for (const auto& detail : all) {
        const bool here = open_ && open_->kind == part_kind::reasoning;
        if (detail.what == reasoning_detail::kind::encrypted && !here) {
            // State that comes late does not interrupt the text.
            chat::reasoning_part state;
            state.encrypted = detail.text;
            state.id = detail.id;
            state.format = detail.format;
            state.from = detail.from;
            out.emplace_back(events::whole_part{choice_, next_++, chat::part(std::move(state))});
            continue;
        }
        if (detail.what == reasoning_detail::kind::text && detail.text.empty() && !here &&
            detail.signature.empty()) {
            continue;
        }
        if (here && open_->detail != detail.index) {
            hush(out);
        }
        const auto part = speak(part_kind::reasoning, out, detail.id, detail.format, detail.from);
        open_->detail = detail.index;
        switch (detail.what) {
            case reasoning_detail::kind::text:
                if (!detail.text.empty()) {
                    out.emplace_back(
                        events::reasoning_delta{choice_, part, detail.text, std::nullopt});
                }
                break;
            case reasoning_detail::kind::summary:
                out.emplace_back(events::reasoning_delta{choice_, part, detail.text, 0});
                break;
            case reasoning_detail::kind::encrypted:
                out.emplace_back(
                    events::reasoning_signature{choice_, part, detail.text, detail.from, true});
                break;
        }
        if (!detail.signature.empty()) {
            out.emplace_back(
                events::reasoning_signature{choice_, part, detail.signature, detail.from, false});
        }
    }
}

bool choice_reader::id_taken(std::string_view id) const noexcept {
    return std::find(ids_.begin(), ids_.end(), id) != ids_.end();
}

// Whether a piece without an id belongs to the call before it. Vendors that number all calls 0 or
// none at all start a new call with a name, after arguments that were complete.
bool choice_reader::goes_on(const call& last, const value& raw, std::string_view name) const {
    if (name.empty()) {
        return true;
    }
    if (!last.name.empty() && last.name != name) {
        return false;
    }
    const auto arguments = raw["function"]["arguments"];
    const bool more = arguments.is_object() || (arguments.is_text() && !arguments.is(""));
    return !(last.arguments.reached() && more);
}

choice_reader::call& choice_reader::call_for(const value& raw, std::string_view name) {
    const auto id = raw["id"].text();
    const auto index = raw["index"].integer();
    const auto fresh = [&]() -> call& {
        if (calls_.size() == calls_max) {
            broken_ = true;
            return calls_.back();
        }
        calls_.emplace_back();
        calls_.back().id = id;
        calls_.back().index = index;
        return calls_.back();
    };
    if (!id.empty()) {
        for (auto& each : calls_) {
            if (each.id == id && (!index || !each.index || *each.index == *index)) {
                return each;
            }
        }
        // An id that comes after its call began.
        if (!calls_.empty() && calls_.back().id.empty() && index && calls_.back().index == index &&
            goes_on(calls_.back(), raw, name)) {
            calls_.back().id = id;
            return calls_.back();
        }
        return fresh();
    }
    if (index) {
        for (auto each = calls_.rbegin(); each != calls_.rend(); ++each) {
            if (each->index == index) {
                return goes_on(*each, raw, name) ? *each : fresh();
            }
        }
        return fresh();
    }
    return !calls_.empty() && goes_on(calls_.back(), raw, name) ? calls_.back() : fresh();
}

void choice_reader::tool_call(const value& raw, chat::event_list& out) {
    const bool custom = raw["type"].is("custom") || raw["custom"].is_object();
    const auto body = raw[custom ? "custom" : "function"];
    const auto name = body["name"].text();
    auto& at = call_for(raw, name);
    if (broken_) {
        return;
    }
    const auto arguments = body[custom ? "input" : "arguments"];
    std::string piece = arguments.is_object() || arguments.is_array()
                            ? json::compact(arguments.raw())
                            : arguments.text();
    at.arguments.feed(piece);
    at.custom = at.custom || custom;
    if (at.name.empty()) {
        at.name = name;
    }
    if (!at.started && at.name.empty()) {
        at.held += piece;
        return;
    }
    if (!at.started) {
        hush(out);
        at.started = true;
        at.part = next_++;
        const bool usable = !at.id.empty() && !id_taken(at.id);
        ids_.push_back(usable ? at.id : chat::made_call_id(seed_ + choice_, ids_.size()));
        out.emplace_back(events::tool_call_start{
            choice_,
            at.part,
            ids_.back(),
            at.name,
            at.custom ? chat::tool_call_part::kind::custom : chat::tool_call_part::kind::function});
        piece.insert(0, at.held);
        std::string().swap(at.held);
    }
    if (!piece.empty()) {
        out.emplace_back(events::tool_arguments_delta{choice_, at.part, std::move(piece)});
    }
    if (auto signature = google_signature(raw); !signature.empty()) {
        out.emplace_back(events::reasoning_signature{
            choice_, at.part, std::move(signature), dialect_id::gemini, false});
    }
}

void choice_reader::audio(const value& raw, chat::event_list& out) {
    if (!raw.is_object()) {
        return;
    }
    const auto part = speak(part_kind::audio, out, raw["id"].text());
    out.emplace_back(events::audio_delta{choice_,
                                         part,
                                         raw["data"].text(),
                                         raw["transcript"].text(),
                                         {},
                                         raw["expires_at"].integer()});
}

// OpenRouter's pictures.
void choice_reader::images(const value& raw, chat::event_list& out) {
    for (const auto item : raw.items()) {
        const auto url = item["image_url"];
        chat::image_part image;
        image.source = chat::media_of_uri(url.is_text() ? url.text() : url["url"].text());
        if (!image.source.data.empty()) {
            hush(out);
            out.emplace_back(events::whole_part{choice_, next_++, chat::part(std::move(image))});
        }
    }
}

void choice_reader::delta(const value& raw, chat::event_list& out) {
    if (finished_ || !raw.is_object()) {
        return;
    }
    // One pass for the members; the order in which they are told is the one in which models work.
    value said, named, plain, detail, refusal, calls, legacy, spoken, notes, pictures, extra;
    for (auto key = raw.members(); key.next();) {
        if (key.type() == json::kind::null) {
            continue;
        }
        const value v(key.value());
        const auto name = key.key();
        if (name == "content") {
            said = v;
        } else if (name == "reasoning_content") {
            named = v;
        } else if (name == "reasoning") {
            plain = v;
        } else if (name == "reasoning_details") {
            detail = v;
        } else if (name == "refusal") {
            refusal = v;
        } else if (name == "tool_calls") {
            calls = v;
        } else if (name == "function_call") {
            legacy = v;
        } else if (name == "audio") {
            spoken = v;
        } else if (name == "annotations") {
            notes = v;
        } else if (name == "images") {
            pictures = v;
        } else if (name == "extra_content") {
            extra = raw;
        }
    }
    const auto all = detail.is_array() ? read_details(detail) : std::vector<reasoning_detail>();
    const bool worded = std::any_of(all.begin(), all.end(), [](const auto& each) {
        return each.what != reasoning_detail::kind::encrypted && !each.text.empty();
    });
    if (!worded) {
        thought(named.is_text() ? named.text() : plain.text(), out);
    }
    details(all, out);
    content(said, out);
    if (refusal.is_text() && !refusal.is("")) {
        const auto part = speak(part_kind::refusal, out);
        out.emplace_back(events::refusal_delta{choice_, part, refusal.text()});
    }
    for (const auto note : notes.items()) {
        if (auto c = read_annotation(note)) {
            const auto part = speak(part_kind::text, out);
            out.emplace_back(events::citation{choice_, part, std::move(*c)});
        }
    }
    audio(spoken, out);
    images(pictures, out);
    if (auto signature = google_signature(extra);
        !signature.empty() && open_ && open_->kind == part_kind::text) {
        out.emplace_back(events::reasoning_signature{
            choice_, open_->part, std::move(signature), dialect_id::gemini, false});
    }
    for (const auto call : calls.items()) {
        if (call.is_object()) {
            tool_call(call, out);
        }
    }
    if (legacy.is_object()) {
        std::string shell = R"({"index":0,"function":)";
        shell += legacy.raw();
        shell += '}';
        tool_call(value(shell), out);
    }
}

void choice_reader::logprobs(const value& raw, chat::event_list& out) {
    if (finished_ || !raw.is_object()) {
        return;
    }
    events::logprobs said{choice_, false, {}};
    read_logprobs(raw["content"], said.tokens);
    if (!said.tokens.empty()) {
        out.emplace_back(std::move(said));
    }
    events::logprobs refused{choice_, true, {}};
    read_logprobs(raw["refusal"], refused.tokens);
    if (!refused.tokens.empty()) {
        out.emplace_back(std::move(refused));
    }
}

void choice_reader::finish(std::optional<chat::choice_end> end, chat::event_list& out) {
    if (finished_) {
        return;
    }
    hush(out);
    for (const auto& each : calls_) {
        broken_ = broken_ || !each.started;
        if (each.started) {
            out.emplace_back(events::part_end{choice_, each.part});
        }
    }
    finished_ = true;
    auto last = end.value_or(chat::choice_end{});
    if (!calls_.empty() &&
        (last.why == chat::finish_reason::stop || last.why == chat::finish_reason::other)) {
        last.why = chat::finish_reason::tool_calls;
    }
    out.emplace_back(events::finish{choice_, std::move(last)});
}

}  // namespace gaia::providers
