#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/chat/event.hpp"

namespace gaia::chat {

// Says whether a stream of events keeps the order that encoders rely on:
//   ping* start ( part events | usage | logprobs | finish | ping )* ( end | error )
// start comes once and first (but for pings and an error); parts are numbered without a gap, get
// their own kind of deltas while open, and are closed before their choice finishes; each choice
// finishes once and has no event after; usage at any time after start; end when at least one choice
// was there and all up to the highest have finished; nothing after end or error. One part at a time
// in a choice when `sequential`.
class grammar {
public:
    explicit grammar(bool sequential = false) : sequential_(sequential) {}

    void feed(const event& e);
    // The stream is over: without end or error that is a violation as well.
    void close();
    // The first violation, in words; empty when there is none.
    const std::string& violation() const noexcept { return violation_; }
    bool over() const noexcept { return over_; }

private:
    enum class open_kind : std::uint8_t { closed, text, reasoning, refusal, audio, tool };
    struct choice_state {
        std::vector<open_kind> parts;
        std::vector<std::string> call_ids;
        bool finished = false;
    };

    void say(std::string what);
    choice_state* at(std::uint32_t choice, const char* what);
    void open(std::uint32_t choice, std::uint32_t part, open_kind kind, const char* what);
    void delta(std::uint32_t choice, std::uint32_t part, open_kind kind, const char* what);

    bool sequential_;
    bool started_ = false;
    bool over_ = false;
    std::vector<choice_state> choices_;
    std::string violation_;
    std::size_t events_ = 0;
};

// The violation of a whole list, which must end the stream.
std::string violation_of(const event_list& list, bool sequential = false);

}  // namespace gaia::chat
