#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/net/types.hpp"

namespace gaia::net {

class io_thread;
class session;

// One request on one client connection, and the answer to it: what handlers see. Lives on the I/O
// thread of its connection, from the end of the head to the end of the answer. Not copyable; a
// handler takes it by reference and must have answered (reply, or begin_stream .. end_stream) when
// it returns; a handler that returns without an answer, or throws, gets a 500.
class exchange {
public:
    explicit exchange(session& owner);
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;
    ~exchange();

    std::string_view method() const noexcept;
    std::string_view path() const noexcept;       // as sent: not decoded, without query
    std::string_view query() const noexcept;      // without the question mark
    std::string_view parameter() const noexcept;  // what matched {rest} of the route, decoded
    std::string_view header(std::string_view name) const;  // the first; empty when absent
    std::size_t count_header(std::string_view name) const;
    gaia::request_id id() const noexcept;
    const std::string& request_id() const noexcept;  // the client's when well-formed, else ours
    const std::string& client_address() const noexcept;
    bool from_operator() const noexcept;  // came through the data folder's control socket
    std::chrono::steady_clock::time_point started() const noexcept;  // end of the head
    io_thread& thread() noexcept;

    // The whole body; at most `bytes_max` (413). Once. Good until the exchange ends or
    // release_body().
    awaitable<result<std::string_view>> read_body(std::size_t bytes_max);
    void release_body() noexcept;  // gives its memory back; a long stream does not need it

    // For the answer's head. Names are lower case. A value with a control character is dropped.
    void set_header(std::string_view name, std::string_view value);
    awaitable<void> reply(int status, std::string_view content_type, std::string_view body);
    // The error body of the API with everything that belongs to it (retry-after, x-should-retry).
    awaitable<void> reply_error(const failure& f);

    // A body of unknown length. The head goes out together with the first write().
    void begin_stream(int status, std::string_view content_type);
    // False when the client is gone. Waits while the client does not take what was written.
    awaitable<bool> write(std::string_view bytes);
    // `last` goes out together with the end of the body.
    awaitable<bool> end_stream(std::string_view last = {});
    // From a callback, while the handler awaits something else: writes a whole piece of the stream
    // (a heartbeat) without waiting. Dropped when the client does not take it at once.
    void write_aside(std::string_view bytes);
    bool head_sent() const noexcept;
    int status() const noexcept;  // of the answer; 0 before there is one

    // From watch() to unwatch(), `left(owner, why)` is called at most once, on the I/O thread, when
    // the client goes away (client_closed) or the server's drain ends (draining).
    using leave_callback = void (*)(void* owner, errc why);
    void watch(leave_callback left, void* owner);
    void unwatch() noexcept;
    bool has_left() const noexcept;

    void close_after() noexcept;  // no further request on this connection

private:
    friend class session;
    session& session_;
};

}  // namespace gaia::net
