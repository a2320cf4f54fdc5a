#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/chat/fold.hpp"
#include "core/chat/grammar.hpp"
#include "core/chat/sequence.hpp"
#include "providers/openai_chat/openai_chat.hpp"

// Properties of the stream decoder: any bytes, cut anyhow, give events that keep the grammar, also
// one part at a time; any cut gives the same answer; what is told again is the same answer.
namespace {

namespace chat = gaia::chat;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

const gaia::providers::openai_chat_codec codec;

chat::event_list decode(std::string_view text, std::size_t step) {
    chat::event_list events;
    chat::decode_options how;
    how.event_bytes_max = 4096;
    const auto decoder = codec.decode_stream(how);
    for (std::size_t at = 0; at < text.size(); at += step) {
        const std::string part(text.substr(at, step));
        decoder->feed(part, events);
    }
    decoder->end(events);
    if (const auto v = chat::violation_of(events); !v.empty()) {
        std::fputs(v.c_str(), stderr);
        std::abort();
    }
    require(decoder->state() == chat::decode_state::finished ||
            decoder->state() == chat::decode_state::failed);
    return events;
}

chat::fold folded(const chat::event_list& events) {
    chat::fold whole;
    for (const auto& e : events) {
        whole.feed(e);
    }
    return whole;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size < 1) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto events = decode(text, text.size() + 1);
    auto whole = folded(events);
    auto parts = folded(decode(text, 1U + data[0]));
    require(whole.value().choices == parts.value().choices);
    require(whole.ended() == parts.ended());

    chat::sequencer order;
    chat::event_list ordered;
    for (const auto& e : events) {
        order.feed(e, ordered);
    }
    require(chat::violation_of(ordered, true).empty());

    const auto encoder = codec.encode_stream({});
    std::string bytes;
    for (const auto& e : events) {
        encoder->encode(e, bytes);
    }
    if (whole.ended()) {
        require(bytes.ends_with("data: [DONE]\n\n"));
        const auto again = decode(bytes, bytes.size());
        require(folded(again).ended());
        require(gaia::json::validate(codec.encode_response(whole.value(), {})).what ==
                gaia::json::problem::none);
    }
    return 0;
}
