#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/chat/event.hpp"
#include "core/chat/loss.hpp"
#include "core/chat/model.hpp"
#include "core/chat/names.hpp"
#include "core/chat/quirks.hpp"
#include "core/chat/request.hpp"
#include "core/chat/response.hpp"
#include "core/json/peek.hpp"

// The conversion port of a dialect: everything between its bytes and the IR, both ways. Sans-I/O:
// no socket, no clock, no randomness but what comes in. Codecs are stateless and serve any thread;
// stream decoders and encoders belong to one attempt and one stream.
namespace gaia::chat {

// What of a call stands outside its body (Gemini: model and method in the path).
struct call_facts {
    std::string_view model;      // empty: in the body
    std::optional<bool> stream;  // nullopt: in the body
    json::limits limit;
};

// Where an encoded request goes.
struct target_facts {
    std::string_view model;              // the upstream's name for it
    const model_facts* facts = nullptr;  // of the model, when the catalogue knows it
    chat::quirks how;
};

// How an answer must be read so that the client finds its own words in it. Made by the request
// encoder; applied behind the decoder by restorer (convert.hpp), so that decoders need not care.
struct restoration {
    name_map names;  // tool names
    std::string
        json_tool;  // structured output was emulated through this tool: its arguments are text
    bool empty() const noexcept { return names.empty() && json_tool.empty(); }
};

struct encoded_request {
    std::string
        path;  // after the provider's base URL: "/chat/completions", "/models/m:generateContent"
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // beyond authentication
    restoration undo;
};

struct decode_options {
    std::size_t event_bytes_max = std::size_t{16} << 20U;
    json::limits limit;
    std::uint64_t seed = 0;  // for ids that the upstream leaves out; random per answer
};

// How an answer is told to the client.
struct reply_facts {
    std::string id;            // the gateway's own, without the dialect's prefix; empty: upstream's
    std::string model;         // the name that the client asked for; empty: upstream's
    std::int64_t created = 0;  // seconds since 1970, when the upstream said none
    bool include_usage = false;               // chat: the client asked for the usage chunk
    std::int64_t prompt_tokens_estimate = 0;  // Anthropic's message_start wants a number at once
    const request* asked = nullptr;  // what Responses echoes; outlives the encoder; may be null
};

enum class decode_state : std::uint8_t {
    waiting,  // nothing that commits the gateway to a 200 has come yet
    streaming,
    finished,  // events::end was handed out
    failed,    // events::error was handed out, and error() says the same
};

// Bytes of an upstream's stream in, events out. Events keep the grammar whatever comes in: a cut
// stream ends in events::error (stream_interrupted) and so does nonsense (upstream_broken).
class stream_decoder {
public:
    virtual ~stream_decoder() = default;
    // Appends to `out`. After finished or failed it does nothing.
    virtual void feed(std::string_view bytes, event_list& out) = 0;
    // The upstream's body ended.
    virtual void end(event_list& out) = 0;
    virtual decode_state state() const noexcept = 0;
    virtual const failure& error() const noexcept = 0;  // when failed
};

// Events in, bytes of the client's dialect out, each as soon as the dialect allows. Expects events
// that keep the grammar, parts one at a time if sequential(). After events::end or events::error
// (told as the dialect's error event) nothing more comes.
class stream_encoder {
public:
    virtual ~stream_encoder() = default;
    virtual bool sequential() const noexcept = 0;
    virtual void encode(const event& e, std::string& out) = 0;
};

class codec {
public:
    virtual ~codec() = default;
    virtual dialect_id id() const noexcept = 0;

    // The client's side: its request in, our answer out.
    virtual result<request> decode_request(std::string_view body, const call_facts& call) const = 0;
    virtual std::string encode_response(const response& answer, const reply_facts& how) const = 0;
    virtual std::unique_ptr<stream_encoder> encode_stream(const reply_facts& how) const = 0;

    // The upstream's side: our request out, its answer in. encode_request fails (a 400 naming the
    // place) where content would have to vanish, and reports everything else it leaves out.
    virtual result<encoded_request> encode_request(const request& r,
                                                   const target_facts& target,
                                                   loss_report& losses) const = 0;
    virtual result<response> decode_response(std::string_view body,
                                             const decode_options& how) const = 0;
    virtual std::unique_ptr<stream_decoder> decode_stream(const decode_options& how) const = 0;
};

}  // namespace gaia::chat
