#include <algorithm>

#include "core/chat/fold.hpp"
#include "providers/openai_chat/codec.hpp"
#include "providers/openai_chat/stream_decoder.hpp"

namespace gaia::providers {
namespace {

using chat::dialect_id;
using json::value;

constexpr auto self = dialect_id::openai_chat;

void keep_unknown(const value& of,
                  std::initializer_list<std::string_view> known,
                  chat::extras& into) {
    for (auto key = of.members(); key.next();) {
        const bool named = std::any_of(
            known.begin(), known.end(), [&](std::string_view name) { return key.key_is(name); });
        if (!named && key.type() != json::kind::null) {
            into.add(self, json::key_text(key), key.value());
        }
    }
}

// An error in a 200 is the upstream's fault, whatever it blames.
failure blame_upstream(failure f) {
    if (f.http_status() < 500 && f.what != errc::upstream_rate_limited) {
        f.status = 502;
        f.type = "api_error";
    }
    return f;
}

}  // namespace

// A whole answer is one chunk whose deltas are the messages.
result<chat::response> openai_chat_codec::decode_response(std::string_view body,
                                                          const chat::decode_options& how) const {
    const auto first = body.find_first_not_of(" \t\r\n");
    const auto text = first == std::string_view::npos ? std::string_view() : body.substr(first);
    if (const auto checked = json::validate(text, how.limit); !checked) {
        return fail_detail(errc::upstream_broken,
                           "answer: " + std::string(json::describe(checked.what)));
    }
    const value raw(text);
    chat::event_list events;
    openai_stream_decoder decoder(how);
    decoder.take_answer(raw, {}, events);
    if (decoder.state() == chat::decode_state::streaming) {
        decoder.finish(events);
    }
    chat::fold whole;
    for (auto& e : events) {
        whole.feed(std::move(e));
    }
    if (whole.error()) {
        return blame_upstream(*whole.error());
    }
    if (!whole.ended() || whole.value().choices.empty()) {
        return fail_detail(errc::upstream_broken, "answer: no choices");
    }
    auto answer = std::move(whole.value());
    answer.from = self;
    keep_unknown(raw,
                 {"id",
                  "object",
                  "created",
                  "model",
                  "choices",
                  "usage",
                  "service_tier",
                  "system_fingerprint"},
                 answer.other);
    for (const auto item : raw["choices"].items()) {
        const auto index = item["index"].integer().value_or(0);
        if (index >= 0 && static_cast<std::size_t>(index) < answer.choices.size()) {
            auto& other = answer.choices[static_cast<std::size_t>(index)].other;
            if (other.empty()) {
                keep_unknown(item,
                             {"index",
                              "message",
                              "delta",
                              "finish_reason",
                              "logprobs",
                              "native_finish_reason"},
                             other);
            }
        }
    }
    return answer;
}

}  // namespace gaia::providers
