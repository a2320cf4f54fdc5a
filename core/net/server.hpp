#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/net/address.hpp"
#include "core/net/io_thread.hpp"
#include "core/net/resolver.hpp"
#include "core/net/routes.hpp"
#include "core/net/settings.hpp"

namespace boost::asio::ssl {
class context;
}

namespace gaia::net {

class session;
struct server_rules;

// What the server asks of the layers above it.
struct server_hooks {
    // The error body of the API, as JSON.
    std::function<std::string(const failure& f, std::string_view request_id)> render_error;
    // After each exchange: what it matched ("" for no route) and how it ended (499: the client
    // left).
    struct exchange_end {
        unsigned thread = 0;
        std::string_view method;
        std::string_view route;
        std::string_view request_id;
        std::string_view client;
        int status = 0;
        std::chrono::steady_clock::duration took{};
    };
    std::function<void(const exchange_end& end)> finished;
};

// The HTTP/1.1 server: one acceptor, event loop and set of sessions per thread. start(), then
// drain() and wait(), each once, from the main thread; the counters from any thread.
class server {
public:
    server(settings how, routes table, server_hooks hooks);
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();

    // Binds and listens; throws std::runtime_error with a plain sentence when it cannot. The
    // control socket (empty: none) is a Unix socket whose requests come from the operator.
    void listen(const std::string& control_socket);
    void start();  // spawns the threads
    std::uint16_t port() const noexcept { return port_; }

    // Stops accepting, closes idle connections, lets the others go on for at most timeouts.drain.
    // `done` runs on an I/O thread when the last session has ended.
    void drain();
    void drain_now();  // the rest ends at once
    bool is_draining() const noexcept { return draining_.load(std::memory_order_relaxed); }
    void join();  // returns when all threads have ended

    // A reload: limits, timeouts, origins and proxies of new connections and requests.
    void change(const settings& how);

    std::size_t connections() const noexcept {
        return connections_.load(std::memory_order_relaxed);
    }
    unsigned threads() const noexcept { return static_cast<unsigned>(threads_.size()); }
    io_thread& thread(unsigned index) noexcept;

private:
    friend class session;
    struct listener;
    struct worker;

    awaitable<void> accept_loop(worker& w, listener& l);
    void begin_session(worker& w, stream_socket socket, const ip_address& peer, bool from_operator);
    void end_session(worker& w, session& s, const ip_address& peer) noexcept;
    bool admit_address(const ip_address& peer, std::size_t limit);
    void stop_if_drained(worker& w);

    routes table_;
    server_hooks hooks_;
    settings how_;
    resolver names_;
    client_tls_source client_tls_;
    std::vector<std::unique_ptr<worker>> threads_;
    std::uint16_t port_ = 0;
    std::string control_path_;
    std::atomic<std::size_t> connections_{0};
    std::atomic<std::size_t> spare_{0};  // connections beyond the limit, kept for health checks
    std::atomic<bool> draining_{false};
    std::mutex address_mutex_;
    std::unordered_map<std::string, std::size_t> per_address_;  // guarded by address_mutex_
};

}  // namespace gaia::net
