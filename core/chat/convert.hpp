#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/chat/codec.hpp"
#include "core/chat/dialect.hpp"
#include "core/chat/sequence.hpp"

// From one dialect's stream to another's.
namespace gaia::chat {

// Gives the client back its own words: tool names that were substituted, structured output that
// was emulated through a tool.
class restorer {
public:
    explicit restorer(restoration undo) : undo_(std::move(undo)) {}
    void apply(event& e);
    void apply(response& answer) const;

private:
    bool is_json_part(std::uint32_t choice, std::uint32_t part) const noexcept;

    restoration undo_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> json_parts_;
    std::vector<std::uint32_t> called_;  // choices that called a tool of the client's own
};

// A converted stream behind the port that raw streams have: upstream bytes in, bytes of the
// client's dialect out. Feeds decoder -> restorer -> sequencer (if the encoder wants it) ->
// encoder.
class converting_tap final : public stream_tap {
public:
    converting_tap(std::unique_ptr<stream_decoder> from,
                   std::unique_ptr<stream_encoder> to,
                   restoration undo);

    void feed(std::string_view bytes, std::string& out) override;
    void end(std::string& out) override;
    tap_state state() const noexcept override { return state_; }
    const failure& error() const noexcept override { return error_; }
    const chat::usage& usage() const noexcept override { return usage_; }
    std::string_view finish_reason() const noexcept override { return finish_reason_; }
    std::int64_t output_tokens_estimate() const noexcept override { return output_tokens_; }
    std::int64_t content_events() const noexcept override { return content_events_; }

private:
    void pass(std::string& out);
    void meter(const event& e);

    std::unique_ptr<stream_decoder> from_;
    std::unique_ptr<stream_encoder> to_;
    restorer undo_;
    std::optional<sequencer> order_;
    event_list decoded_;
    event_list ordered_;
    event_list held_;  // before anything commits the gateway to a 200
    tap_state state_ = tap_state::waiting;
    failure error_;
    chat::usage usage_;
    std::string finish_reason_;
    std::int64_t output_tokens_ = 0;
    std::int64_t content_events_ = 0;
};

}  // namespace gaia::chat
