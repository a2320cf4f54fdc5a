#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/chat/codec.hpp"
#include "core/wire/sse.hpp"
#include "providers/openai_chat/choice_reader.hpp"

namespace gaia::providers {

// Chunks of a chat stream to events. Owned by one attempt; no I/O.
class openai_stream_decoder final : public chat::stream_decoder {
public:
    explicit openai_stream_decoder(const chat::decode_options& how);

    void feed(std::string_view bytes, chat::event_list& out) override;
    void end(chat::event_list& out) override;
    chat::decode_state state() const noexcept override { return state_; }
    const failure& error() const noexcept override { return error_; }

    // One chunk, or a whole answer: the same members in other places. `raw` is validated.
    void take_answer(const json::value& raw, std::string_view event_name, chat::event_list& out);
    // [DONE], or the end of a whole answer.
    void finish(chat::event_list& out);

private:
    void take(const wire::sse_event& event, chat::event_list& out);
    void start(const json::value& raw, chat::event_list& out);
    bool take_choice(const json::value& raw, chat::event_list& out);
    void take_usage(const json::value& raw, chat::event_list& out);
    choice_reader& reader_of(std::uint32_t index);
    bool every_choice_finished() const noexcept;
    void fail_with(failure f, chat::event_list& out);
    void break_off(std::string detail, chat::event_list& out);
    bool over() const noexcept {
        return state_ == chat::decode_state::finished || state_ == chat::decode_state::failed;
    }

    wire::sse_splitter splitter_;
    json::limits limit_;
    std::uint64_t seed_;
    chat::decode_state state_ = chat::decode_state::waiting;
    failure error_;
    std::vector<std::pair<std::uint32_t, choice_reader>> choices_;
    std::string usage_raw_;  // the last one that was told
    std::string service_tier_;
    std::string error_of_choice_;
};

}  // namespace gaia::providers
