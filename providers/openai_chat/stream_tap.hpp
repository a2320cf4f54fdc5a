#pragma once

#include <cstdint>
#include <string>

#include "core/chat/dialect.hpp"
#include "core/json/cursor.hpp"
#include "core/wire/sse.hpp"

namespace gaia::providers {

// One attempt's stream. Owned by the relay's pump, on its thread; no I/O. An idle tap holds no more
// than the bytes of an event that is not complete.
class openai_stream_tap final : public chat::stream_tap {
public:
    openai_stream_tap(bool wants_usage, std::size_t event_bytes_max);

    void feed(std::string_view bytes, std::string& out) override;
    void end(std::string& out) override;
    chat::tap_state state() const noexcept override { return state_; }
    const failure& error() const noexcept override { return error_; }
    const chat::usage& usage() const noexcept override { return usage_; }
    std::string_view finish_reason() const noexcept override { return finish_reason_; }
    std::int64_t output_tokens_estimate() const noexcept override { return output_tokens_; }
    std::int64_t content_events() const noexcept override { return content_events_; }

private:
    struct chunk;

    void take(const wire::sse_event& event, std::string& out);
    void take_last(const wire::sse_event& event, std::string& out);
    void take_json(const wire::sse_event& event, std::string& out);
    void take_choices(std::string_view choices, chunk& seen);
    void take_choice(std::string_view choice, chunk& seen);
    void take_usage(std::string_view raw);
    void commit(std::string& out);
    void fail_with(failure f);
    void break_off(std::string detail, std::string message = {});
    bool every_choice_finished() const noexcept;

    wire::sse_splitter splitter_;
    bool wants_usage_;
    chat::tap_state state_ = chat::tap_state::waiting;
    std::string held_;  // events that came before one that commits the gateway to a 200
    failure error_;
    chat::usage usage_;
    std::string finish_reason_;
    std::int64_t output_tokens_ = 0;
    std::int64_t content_events_ = 0;
    std::uint64_t choices_seen_ = 0;  // bit per choice index
    std::uint64_t choices_finished_ = 0;
};

}  // namespace gaia::providers
