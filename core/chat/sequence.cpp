#include "core/chat/sequence.hpp"

namespace gaia::chat {
namespace {

struct place {
    std::uint32_t choice = 0;
    std::uint32_t part = 0;
    bool ends = false;
    bool of_part = false;
};

template <class Event>
place place_of(const Event& e) {
    if constexpr (requires { e.part; }) {
        constexpr bool ends =
            std::is_same_v<Event, events::part_end> || std::is_same_v<Event, events::whole_part>;
        return {e.choice, e.part, ends, true};
    } else {
        return {};
    }
}

std::size_t weight(const event& e) {
    std::size_t bytes = sizeof(event);
    std::visit(
        [&](const auto& v) {
            if constexpr (requires { v.text.size(); }) {
                bytes += v.text.size();
            } else if constexpr (requires { v.data.size(); }) {
                bytes += v.data.size();
            }
        },
        e);
    return bytes;
}

}  // namespace

void sequencer::route(
    std::uint32_t choice, std::uint32_t part, bool ends, event e, event_list& out) {
    if (choices_.size() <= choice) {
        choices_.resize(choice + 1);
    }
    auto& state = choices_[choice];
    if (part > state.current) {
        const auto slot = part - state.current - 1;
        if (state.waiting.size() <= slot) {
            state.waiting.resize(slot + 1);
        }
        held_bytes_ += weight(e);
        state.waiting[slot].push_back(std::move(e));
        return;
    }
    out.push_back(std::move(e));
    // The next part speaks: what it has said so far, and if that was all, the one after it.
    while (ends) {
        ++state.current;
        if (state.waiting.empty()) {
            return;
        }
        auto next = std::move(state.waiting.front());
        state.waiting.erase(state.waiting.begin());
        ends = false;
        for (auto& held : next) {
            held_bytes_ -= weight(held);
            ends = std::visit([](const auto& v) { return place_of(v).ends; }, held);
            out.push_back(std::move(held));
        }
    }
}

void sequencer::feed(event e, event_list& out) {
    if (failed_) {
        return;
    }
    const auto at = std::visit([](const auto& v) { return place_of(v); }, e);
    if (!at.of_part) {
        out.push_back(std::move(e));
        return;
    }
    route(at.choice, at.part, at.ends, std::move(e), out);
    if (held_bytes_ > held_bytes_max_) {
        failed_ = true;
        out.emplace_back(events::error{
            fail_detail(errc::upstream_broken, "stream: too much waits for its turn")});
    }
}

}  // namespace gaia::chat
