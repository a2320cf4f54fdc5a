#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/chat/quirks.hpp"
#include "core/chat/usage.hpp"
#include "core/json/peek.hpp"
#include "core/json/splice.hpp"

// The port behind which each wire format stands. What is here is the raw path: same dialect on both
// sides, the client's bytes go upstream with only the needed spans replaced, the upstream's events
// go down verbatim. Sans-I/O: no socket, no clock. Stateless but for stream_tap; any thread.
namespace gaia::chat {

// What the gateway must know of a request before it may admit and route it. Spans point into the
// body that was inspected.
struct request_view {
    std::string model;
    json::found model_at;
    bool stream = false;
    bool wants_usage = false;                // the client asked for the usage chunk itself
    json::found stream_options_at;           // absent when not given
    json::found include_usage_at;            // inside stream_options; absent when not given
    std::size_t object_end = 0;              // offset of the closing brace of the body
    bool object_empty_after = false;         // no member stands before that brace
    std::optional<std::int64_t> max_tokens;  // max_completion_tokens, else max_tokens
    std::int64_t choices = 1;
    bool tools = false;
    std::int64_t prompt_tokens_estimate = 0;
};

struct request_limits {
    json::limits json;
    std::int64_t choices_max = 8;
};

// What a whole (non-stream) answer says of itself.
struct answer_view {
    chat::usage usage;
    std::string finish_reason;                // of the first choice; empty when none
    std::int64_t output_tokens_estimate = 0;  // of the text in it, for when no usage is reported
    std::vector<json::edit> edits;  // what must change before the client sees it (nonsense
                                    // usage); usually empty
};

enum class tap_state : std::uint8_t {
    waiting,  // nothing that commits the gateway to a 200 has come yet
    streaming,
    finished,  // the terminal event was passed on; anything after it is dropped
    failed,    // see error(); nothing more comes out
};

// Watches one upstream stream of one attempt: passes whole, well-formed events on verbatim, holds
// back what the client did not ask for, meters, and sees errors and ends.
class stream_tap {
public:
    virtual ~stream_tap() = default;
    // Appends to `out` what the client is to receive for these bytes. Never a part of an event.
    virtual void feed(std::string_view bytes, std::string& out) = 0;
    // The upstream's body ended: appends what is missing (a terminal event after a clean finish),
    // or fails with stream_interrupted.
    virtual void end(std::string& out) = 0;
    virtual tap_state state() const noexcept = 0;
    virtual const failure& error() const noexcept = 0;  // when failed
    virtual const chat::usage& usage() const noexcept = 0;
    virtual std::string_view finish_reason() const noexcept = 0;
    virtual std::int64_t output_tokens_estimate() const noexcept = 0;
    virtual std::int64_t content_events() const noexcept = 0;  // events that carried output
};

class codec;

class dialect {
public:
    virtual ~dialect() = default;
    virtual std::string_view name() const noexcept = 0;

    virtual result<request_view> inspect(std::string_view body,
                                         const request_limits& limit) const = 0;
    // The edits that turn the client's body into the upstream's: the model name, and for a stream
    // include_usage so that it is metered.
    virtual std::vector<json::edit> upstream_edits(std::string_view body,
                                                   const request_view& view,
                                                   std::string_view upstream_model,
                                                   const quirks& how) const = 0;
    virtual std::unique_ptr<stream_tap> tap(const request_view& view,
                                            std::size_t event_bytes_max) const = 0;
    // A 2xx whole answer. Fails (upstream_broken, or what an error object inside it says) when it
    // must not reach the client.
    virtual result<answer_view> inspect_answer(std::string_view body,
                                               const json::limits& limit) const = 0;
    // A 2xx whole answer to a stream request, as the events of a stream.
    virtual result<std::string> answer_as_stream(std::string_view body,
                                                 const request_view& view) const = 0;

    // What an upstream's non-2xx answer means: status, cleaned message (at most 2 KiB, no markup,
    // no key-shaped text, no host names or addresses), code and param kept where harmless. An
    // upstream 401 is the gateway's credential and never the client's. retry_after is the parsed
    // header.
    virtual failure upstream_error(int status,
                                   std::string_view content_type,
                                   std::string_view body,
                                   std::optional<std::chrono::milliseconds> retry_after) const = 0;

    // The error body and the in-stream error event of this dialect.
    virtual std::string render_error(const failure& f, std::string_view request_id) const = 0;
    virtual std::string render_stream_error(const failure& f,
                                            std::string_view request_id) const = 0;
    virtual std::string_view heartbeat() const noexcept = 0;

    // The conversion port (codec.hpp), beside this raw one; null when there is none. Lives as long
    // as the dialect.
    virtual const codec* conversion() const noexcept { return nullptr; }
};

}  // namespace gaia::chat
