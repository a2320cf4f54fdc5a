#pragma once

#include <cstdint>
#include <vector>

#include "core/chat/event.hpp"

namespace gaia::chat {

// Puts the parts of each choice one after the other: while a part is open, what belongs to later
// parts of the choice waits. Everything else passes at once. What waits is bounded: beyond
// `held_bytes_max` the stream ends in an error.
class sequencer {
public:
    explicit sequencer(std::size_t held_bytes_max = std::size_t{16} << 20U)
        : held_bytes_max_(held_bytes_max) {}

    void feed(event e, event_list& out);

private:
    struct choice_state {
        std::uint32_t current = 0;        // the part that may speak
        std::vector<event_list> waiting;  // by part - current - 1
    };

    void route(std::uint32_t choice, std::uint32_t part, bool ends, event e, event_list& out);

    std::size_t held_bytes_max_;
    std::size_t held_bytes_ = 0;
    bool failed_ = false;
    std::vector<choice_state> choices_;
};

}  // namespace gaia::chat
