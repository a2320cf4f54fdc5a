#pragma once

#include <optional>

#include "core/base/error.hpp"
#include "core/chat/event.hpp"

namespace gaia::chat {

// Gathers the events of one stream into a whole answer. Events must keep the grammar.
class fold {
public:
    void feed(event e);
    // The answer so far; complete when the stream has ended without an error.
    response& value() noexcept { return value_; }
    bool ended() const noexcept { return ended_; }
    const std::optional<failure>& error() const noexcept { return error_; }

private:
    part& at(std::uint32_t choice, std::uint32_t index);
    choice& at(std::uint32_t index);

    response value_;
    bool ended_ = false;
    std::optional<failure> error_;
};

// A whole answer told as a stream that keeps the grammar, parts one at a time.
event_list unfold(const response& answer);

}  // namespace gaia::chat
