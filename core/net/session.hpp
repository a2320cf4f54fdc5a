#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/fields.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/address.hpp"
#include "core/net/chunk_reader.hpp"
#include "core/net/exchange.hpp"
#include "core/net/head_gate.hpp"
#include "core/net/io_thread.hpp"
#include "core/net/routes.hpp"
#include "core/net/settings.hpp"
#include "core/net/transport.hpp"
#include "core/net/watchdog.hpp"

namespace gaia::net {

struct server_hooks;

// What all sessions of a server share; replaced as a whole by a reload.
struct server_rules {
    settings how;
    std::vector<address_range> trusted;
    std::shared_ptr<asio::ssl::context> tls;  // null: plain
    bool loopback = true;                     // the listener is reached from this machine only
};

// One client connection: reads heads through the gate, hands each request to its route, writes the
// answers, keeps the connection's deadlines. Internal to core/net: handlers see it as an exchange.
// One I/O thread; kept alive by its coroutine and by a pending wait for the client's leaving.
class session : public std::enable_shared_from_this<session> {
public:
    struct environment {
        io_thread& thread;
        const routes& table;
        const server_hooks& hooks;
        const std::atomic<bool>& draining;
    };

    session(environment around,
            std::shared_ptr<const server_rules> rules,
            stream_socket socket,
            const ip_address& peer,
            bool from_operator,
            bool over_limit);

    awaitable<void> run();
    // Server's drain: an idle connection closes, a busy one closes after its answer.
    void drain();
    // The drain's end: the exchange under way is told to end.
    void leave(errc why);

    session* previous = nullptr;  // the worker's list of sessions
    session* next = nullptr;

private:
    friend class exchange;
    enum class phase : std::uint8_t { handshake, idle, head, body, busy, writing };

    awaitable<result<void>> read_head();
    result<void> accept_head(std::string_view head);
    result<void> check_host(std::string_view host) const;
    std::string forwarded_for() const;
    awaitable<void> dispatch(exchange& ex);
    awaitable<void> answer(exchange& ex);
    awaitable<void> answer_options(exchange& ex, const routes::match& match);
    awaitable<bool> skip_body();
    void note_finished();
    awaitable<void> close_gently();

    awaitable<result<void>> read_body(std::size_t bytes_max);
    awaitable<result<void>> read_length_body(std::size_t bytes_max);
    awaitable<result<void>> read_chunked_body(std::size_t bytes_max);
    awaitable<result<void>> read_more(std::size_t bytes);
    awaitable<bool> write_all(std::span<asio::const_buffer> buffers);
    awaitable<bool> write_chunk(std::string_view bytes, bool last);
    awaitable<bool> write_pending();
    awaitable<void> write_aside_tls();
    void write_aside(std::string_view bytes);
    void compose_head(int status,
                      std::string_view content_type,
                      std::optional<std::uint64_t> length);
    void add_cors(std::string& head) const;
    void fill_error_headers(const failure& f);
    std::string_view inbox() const noexcept;
    std::string_view field(std::string_view name) const;
    void reset_request();

    void enter(phase p, std::chrono::milliseconds deadline_after);
    static void on_deadline(void* self);
    static void on_watch(void* self);
    void on_body_deadline();
    void wait_for_leaving();
    void note_readable();

    environment around_;
    std::shared_ptr<const server_rules> rules_;
    transport link_;
    ip_address peer_;
    bool from_operator_;
    bool over_limit_;
    boost::beast::flat_buffer inbox_;
    head_scanner scanner_;

    // The request under way.
    boost::beast::http::fields fields_;
    std::string method_;
    std::string target_;
    std::size_t path_end_ = 0;
    std::size_t path_begin_ = 0;
    std::string rest_;
    const route* matched_ = nullptr;
    bool http_1_0_ = false;
    framing framing_ = framing::none;
    std::uint64_t length_ = 0;
    std::uint64_t body_received_ = 0;
    std::uint64_t body_window_ = 0;  // bytes since the last look at the rate
    std::chrono::steady_clock::time_point body_began_{};
    bool body_read_ = false;
    bool expects_continue_ = false;
    bool keep_alive_ = true;
    boost::beast::flat_buffer body_;
    gaia::request_id id_;
    std::string request_id_;
    std::string client_address_;
    std::chrono::steady_clock::time_point started_{};
    std::size_t requests_ = 0;

    // The answer.
    std::string extra_headers_;
    std::string head_;
    std::string chunk_head_;
    int status_ = 0;
    bool head_sent_ = false;
    bool streaming_ = false;
    bool answered_ = false;
    bool write_failed_ = false;
    std::string aside_;           // a heartbeat, or the part of one that was not taken yet
    bool aside_writing_ = false;  // over TLS it is written by a coroutine of its own
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               io_executor>
        aside_done_;

    // Deadlines and the client's leaving.
    phase phase_ = phase::idle;
    bool timed_out_ = false;
    deadline deadline_;
    deadline watch_;
    exchange::leave_callback left_callback_ = nullptr;
    void* left_owner_ = nullptr;
    bool watching_ = false;
    bool left_ = false;
    bool wait_pending_ = false;
    bool data_waiting_ = false;
};

}  // namespace gaia::net
