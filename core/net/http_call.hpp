#pragma once

#include <boost/asio/buffer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/net/chunk_reader.hpp"
#include "core/net/head_gate.hpp"
#include "core/net/resolver.hpp"
#include "core/net/upstream_pool.hpp"
#include "core/net/watchdog.hpp"

namespace gaia::net {

struct call_settings {
    std::chrono::milliseconds connect{5'000};
    std::chrono::milliseconds first_byte{120'000};
    std::chrono::milliseconds idle{60'000};  // between bytes of the answer
    std::size_t head_max = 64 * 1024;
};

// What an upstream answered, without its body.
struct call_answer {
    int status = 0;
    std::string content_type;  // lower case, without parameters
    std::uint64_t length = 0;  // of the body, when announced
    bool encoded = false;      // compressed although identity was asked for
    std::string retry_after;
    std::string retry_after_ms;
    std::string request_id;
    std::string processing_ms;
};

// One HTTP call of one attempt: takes a pooled connection or makes one, sends, reads. One I/O
// thread, one coroutine; abort() may come from a callback of the same thread while an await is
// pending. Every failure names its errc: upstream_unreachable (nothing was sent), upstream_broken,
// upstream_timeout, or what abort() was given. The destructor gives the connection back only when
// the answer ended exactly at its framing with nothing behind it; otherwise it closes it.
class http_call {
public:
    http_call(upstream_pool& pool, const upstream_target& target, const call_settings& how);
    http_call(const http_call&) = delete;
    http_call& operator=(const http_call&) = delete;
    ~http_call();

    // `head` and `body` must stay alive until read_head() has returned.
    awaitable<result<void>> send(std::string_view head, std::span<const std::string_view> body);
    // The final head; interim answers (1xx) are passed over.
    awaitable<result<call_answer>> read_head();
    // The next bytes of the body, without chunk framing; empty at its end. Good until the next
    // call.
    awaitable<result<std::string_view>> read_some();
    // More bytes of the body that have arrived already; empty when there are none.
    std::string_view read_buffered();
    // Reads what is left when that is no more than a terminator that is about to arrive, so that
    // the connection can be kept.
    awaitable<void> finish();

    void abort(errc why) noexcept;
    bool ended() const noexcept { return ended_; }
    // True when the connection came from the pool and broke before a byte of an answer: the server
    // had closed it, and the request may be sent again.
    bool failed_stale() const noexcept { return failed_stale_; }
    // The upstream began a 2xx answer, so it may have done (and charged) the work, whatever came
    // next.
    bool accepted() const noexcept { return accepted_; }
    bool sent() const noexcept { return sent_; }  // the whole request went out

private:
    awaitable<result<void>> connect();
    awaitable<result<void>> connect_to(const std::vector<ip_address>& addresses,
                                       std::uint16_t port);
    awaitable<result<void>> open_tunnel();
    awaitable<result<void>> write(std::span<asio::const_buffer> buffers);
    // Reads more into the buffer: one of `wanted` bytes when it is empty, growing to `capacity_max`
    // when it is full. false at the end of the stream.
    awaitable<result<bool>> fill(std::size_t wanted, std::size_t capacity_max);
    awaitable<result<std::string_view>> read_raw_head();
    std::string_view take_body(bool& bad);
    failure stopped(errc otherwise, const char* detail) const;
    static void on_deadline(void* self);
    static void on_address_deadline(void* self);

    upstream_pool& pool_;
    upstream_target target_;
    call_settings how_;
    std::unique_ptr<upstream_connection> connection_;
    std::unique_ptr<tcp_socket> connecting_;
    std::optional<resolver::lookup> lookup_;
    deadline deadline_;
    deadline address_deadline_;  // one address's share of the time to connect
    std::optional<errc> aborted_;
    framing framing_ = framing::none;
    std::uint64_t remaining_ = 0;
    std::size_t last_read_ = 0;
    chunk_reader chunks_;
    bool keep_alive_ = false;
    bool ended_ = false;
    bool answered_ = false;  // a byte of the answer has come
    bool failed_stale_ = false;
    bool accepted_ = false;
    bool sent_ = false;
};

}  // namespace gaia::net
