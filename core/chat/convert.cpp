#include "core/chat/convert.hpp"

#include <algorithm>

namespace gaia::chat {

bool restorer::is_json_part(std::uint32_t choice, std::uint32_t part) const noexcept {
    return std::find(json_parts_.begin(), json_parts_.end(), std::pair(choice, part)) !=
           json_parts_.end();
}

void restorer::apply(event& e) {
    if (undo_.empty()) {
        return;
    }
    if (auto* call = std::get_if<events::tool_call_start>(&e)) {
        if (!undo_.json_tool.empty() && call->name == undo_.json_tool) {
            json_parts_.emplace_back(call->choice, call->part);
            e = events::part_start{call->choice, call->part, events::part_kind::text, {}, {}};
            return;
        }
        called_.push_back(call->choice);
        call->name = std::string(undo_.names.inward(call->name));
    } else if (auto* delta = std::get_if<events::tool_arguments_delta>(&e)) {
        if (is_json_part(delta->choice, delta->part)) {
            e = events::text_delta{delta->choice, delta->part, std::move(delta->text)};
        }
    } else if (auto* last = std::get_if<events::finish>(&e)) {
        const bool unwrapped =
            std::any_of(json_parts_.begin(), json_parts_.end(), [&](const auto& each) {
                return each.first == last->choice;
            });
        const bool called =
            std::find(called_.begin(), called_.end(), last->choice) != called_.end();
        if (unwrapped && !called && last->end.why == finish_reason::tool_calls) {
            last->end.why = finish_reason::stop;
        }
    }
}

void restorer::apply(response& answer) const {
    for (auto& choice : answer.choices) {
        bool unwrapped = false;
        bool called = false;
        for (auto& each : choice.parts) {
            auto* call = each.as<tool_call_part>();
            if (call == nullptr) {
                continue;
            }
            if (!undo_.json_tool.empty() && call->name == undo_.json_tool) {
                each = text_of(std::move(call->arguments));
                unwrapped = true;
                continue;
            }
            called = true;
            call->name = std::string(undo_.names.inward(call->name));
        }
        if (unwrapped && !called && choice.end.why == finish_reason::tool_calls) {
            choice.end.why = finish_reason::stop;
        }
    }
}

converting_tap::converting_tap(std::unique_ptr<stream_decoder> from,
                               std::unique_ptr<stream_encoder> to,
                               restoration undo)
    : from_(std::move(from)), to_(std::move(to)), undo_(std::move(undo)) {
    if (to_->sequential()) {
        order_.emplace();
    }
}

void converting_tap::feed(std::string_view bytes, std::string& out) {
    if (state_ == tap_state::finished || state_ == tap_state::failed) {
        return;
    }
    from_->feed(bytes, decoded_);
    pass(out);
}

void converting_tap::end(std::string& out) {
    if (state_ == tap_state::finished || state_ == tap_state::failed) {
        return;
    }
    from_->end(decoded_);
    pass(out);
}

void converting_tap::meter(const event& e) {
    const auto wrote = [&](std::string_view text) {
        output_tokens_ += estimate_tokens(text);
        content_events_ += text.empty() ? 0 : 1;
    };
    if (const auto* text = std::get_if<events::text_delta>(&e)) {
        wrote(text->text);
    } else if (const auto* thought = std::get_if<events::reasoning_delta>(&e)) {
        wrote(thought->text);
    } else if (const auto* arguments = std::get_if<events::tool_arguments_delta>(&e)) {
        wrote(arguments->text);
    } else if (const auto* refusal = std::get_if<events::refusal_delta>(&e)) {
        wrote(refusal->text);
    } else if (const auto* counted = std::get_if<events::usage>(&e)) {
        update(usage_, counted->value);
    } else if (const auto* last = std::get_if<events::finish>(&e);
               last != nullptr && last->choice == 0) {
        finish_reason_ = name_of(last->end.why);
    }
}

// The error event itself is rendered by the relay, which adds the request's id: what the decoder
// says of it ends the tap, as it ends a raw one.
void converting_tap::pass(std::string& out) {
    for (auto& e : decoded_) {
        meter(e);
        undo_.apply(e);
        if (order_) {
            order_->feed(std::move(e), ordered_);
        } else {
            ordered_.push_back(std::move(e));
        }
    }
    decoded_.clear();
    if (state_ == tap_state::waiting && from_->state() != decode_state::waiting) {
        state_ = tap_state::streaming;
        ordered_.insert(ordered_.begin(),
                        std::make_move_iterator(held_.begin()),
                        std::make_move_iterator(held_.end()));
        event_list().swap(held_);
    }
    for (auto& e : ordered_) {
        if (auto* broken = std::get_if<events::error>(&e)) {
            error_ = std::move(broken->what);
            state_ = tap_state::failed;
            break;
        }
        if (state_ == tap_state::waiting) {
            if (std::holds_alternative<events::ping>(e)) {
                continue;  // the relay keeps the client's connection alive by itself
            }
            held_.push_back(std::move(e));
            continue;
        }
        to_->encode(e, out);
        if (std::holds_alternative<events::end>(e)) {
            state_ = tap_state::finished;
            break;
        }
    }
    ordered_.clear();
}

}  // namespace gaia::chat
