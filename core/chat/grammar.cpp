#include "core/chat/grammar.hpp"

#include <algorithm>

namespace gaia::chat {
namespace {

constexpr std::uint32_t choices_max = 128;

}  // namespace

void grammar::say(std::string what) {
    if (violation_.empty()) {
        violation_ = "event " + std::to_string(events_) + ": " + std::move(what);
    }
}

grammar::choice_state* grammar::at(std::uint32_t choice, const char* what) {
    if (!started_) {
        say(std::string(what) + " before start");
        return nullptr;
    }
    if (choice >= choices_max) {
        say(std::string(what) + ": no such choice");
        return nullptr;
    }
    if (choices_.size() <= choice) {
        choices_.resize(choice + 1);
    }
    auto& state = choices_[choice];
    if (state.finished) {
        say(std::string(what) + " after finish");
    }
    return &state;
}

void grammar::open(std::uint32_t choice, std::uint32_t part, open_kind kind, const char* what) {
    auto* state = at(choice, what);
    if (state == nullptr) {
        return;
    }
    if (part != state->parts.size()) {
        say(std::string(what) + ": part " + std::to_string(part) + " where " +
            std::to_string(state->parts.size()) + " is next");
        return;
    }
    const bool busy = std::any_of(state->parts.begin(), state->parts.end(), [](open_kind each) {
        return each != open_kind::closed;
    });
    if (sequential_ && busy) {
        say(std::string(what) + " while another part is open");
    }
    state->parts.push_back(kind);
}

void grammar::delta(std::uint32_t choice, std::uint32_t part, open_kind kind, const char* what) {
    auto* state = at(choice, what);
    if (state == nullptr) {
        return;
    }
    if (part >= state->parts.size() || state->parts[part] != kind) {
        say(std::string(what) + " for a part that is not open as one");
    }
}

void grammar::feed(const event& e) {
    if (over_) {
        say("something after the end");
    }
    std::visit(
        on{
            [&](const events::start&) {
                if (started_) {
                    say("a second start");
                }
                started_ = true;
            },
            [&](const events::part_start& v) {
                constexpr open_kind kinds[] = {
                    open_kind::text, open_kind::reasoning, open_kind::refusal, open_kind::audio};
                open(v.choice, v.part, kinds[static_cast<std::size_t>(v.kind)], "part_start");
            },
            [&](const events::text_delta& v) {
                delta(v.choice, v.part, open_kind::text, "text_delta");
            },
            [&](const events::reasoning_delta& v) {
                delta(v.choice, v.part, open_kind::reasoning, "reasoning_delta");
            },
            [&](const events::reasoning_signature& v) {
                auto* state = at(v.choice, "reasoning_signature");
                if (state == nullptr) {
                    return;
                }
                const auto kind =
                    v.part < state->parts.size() ? state->parts[v.part] : open_kind::closed;
                if (kind == open_kind::closed || kind == open_kind::refusal ||
                    (v.encrypted && kind != open_kind::reasoning)) {
                    say("reasoning_signature for a part that cannot have it");
                }
            },
            [&](const events::tool_call_start& v) {
                open(v.choice, v.part, open_kind::tool, "tool_call_start");
                if (v.id.empty() || v.name.empty()) {
                    say("tool_call_start without id or name");
                }
                if (v.choice < choices_.size()) {
                    auto& ids = choices_[v.choice].call_ids;
                    if (std::find(ids.begin(), ids.end(), v.id) != ids.end()) {
                        say("tool_call_start with an id that was used");
                    }
                    ids.push_back(v.id);
                }
            },
            [&](const events::tool_arguments_delta& v) {
                delta(v.choice, v.part, open_kind::tool, "tool_arguments_delta");
            },
            [&](const events::refusal_delta& v) {
                delta(v.choice, v.part, open_kind::refusal, "refusal_delta");
            },
            [&](const events::audio_delta& v) {
                delta(v.choice, v.part, open_kind::audio, "audio_delta");
            },
            [&](const events::citation& v) {
                delta(v.choice, v.part, open_kind::text, "citation");
            },
            [&](const events::whole_part& v) {
                open(v.choice, v.part, open_kind::closed, "whole_part");
            },
            [&](const events::part_end& v) {
                auto* state = at(v.choice, "part_end");
                if (state == nullptr) {
                    return;
                }
                if (v.part >= state->parts.size() || state->parts[v.part] == open_kind::closed) {
                    say("part_end for a part that is not open");
                    return;
                }
                state->parts[v.part] = open_kind::closed;
            },
            [&](const events::logprobs& v) { at(v.choice, "logprobs"); },
            [&](const events::usage&) {
                if (!started_) {
                    say("usage before start");
                }
            },
            [&](const events::finish& v) {
                auto* state = at(v.choice, "finish");
                if (state == nullptr) {
                    return;
                }
                for (const auto kind : state->parts) {
                    if (kind != open_kind::closed) {
                        say("finish while a part is open");
                        break;
                    }
                }
                state->finished = true;
            },
            [&](const events::end&) {
                if (!started_ || choices_.empty()) {
                    say("end of an empty stream");
                }
                for (const auto& state : choices_) {
                    if (!state.finished) {
                        say("end before every choice has finished");
                        break;
                    }
                }
                over_ = true;
            },
            [&](const events::error&) { over_ = true; },
            [](const events::ping&) {},
        },
        e);
    ++events_;
}

void grammar::close() {
    if (!over_) {
        say("neither end nor error");
    }
}

std::string violation_of(const event_list& list, bool sequential) {
    grammar rules(sequential);
    for (const auto& e : list) {
        rules.feed(e);
    }
    rules.close();
    return rules.violation();
}

}  // namespace gaia::chat
