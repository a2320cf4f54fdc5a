#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/net/transport.hpp"
#include "core/net/types.hpp"
#include "core/net/watchdog.hpp"

namespace gaia::net {

class resolver;

// The TLS context for upstreams, made at the first https connection (loading the certificate bundle
// takes memory that a gateway with plain upstreams need not spend). Any thread.
class client_tls_source {
public:
    std::shared_ptr<asio::ssl::context> get();

private:
    std::mutex mutex_;
    std::shared_ptr<asio::ssl::context> context_;
};

// Where a call goes. Views: they must outlive the call (they point into a snapshot).
struct upstream_target {
    bool tls = true;
    std::string_view host;
    std::uint16_t port = 443;
    bool trusted = true;          // false: only public addresses are dialled
    std::string_view proxy_host;  // empty: direct; otherwise a CONNECT tunnel
    std::uint16_t proxy_port = 0;

    friend bool operator==(const upstream_target&, const upstream_target&) = default;
};

// One connection to an upstream and the bytes read from it that nobody has taken yet.
struct upstream_connection {
    explicit upstream_connection(stream_socket socket) : link(std::move(socket)) {}

    transport link;
    std::unique_ptr<char[]> buffer;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
    bool reused = false;
    std::chrono::steady_clock::time_point idle_since{};

    std::string_view unread() const noexcept { return {buffer.get() + begin, end - begin}; }
};

// Idle connections of one I/O thread by target, newest first. Not thread-safe.
class upstream_pool {
public:
    static constexpr std::size_t idle_per_target_max = 512;
    static constexpr std::chrono::seconds idle_max{
        50};  // below the 60 s after which many servers close

    upstream_pool(io_executor executor, watchdog& dog, resolver& names, client_tls_source& tls);
    ~upstream_pool();

    // An idle connection that looks alive, or null.
    std::unique_ptr<upstream_connection> take(const upstream_target& target);
    void put(const upstream_target& target, std::unique_ptr<upstream_connection> connection);
    void clear() noexcept;

    io_executor executor() const noexcept { return executor_; }
    watchdog& dog() noexcept { return dog_; }
    resolver& names() noexcept { return names_; }
    client_tls_source& tls() noexcept { return tls_; }

private:
    struct shelf {
        bool tls;
        bool trusted;
        std::string host;
        std::uint16_t port;
        std::string proxy_host;
        std::uint16_t proxy_port;
        std::vector<std::unique_ptr<upstream_connection>> idle;
        upstream_target target() const noexcept {
            return {tls, host, port, trusted, proxy_host, proxy_port};
        }
    };
    shelf* find(const upstream_target& target) noexcept;
    static void sweep(void* self);

    io_executor executor_;
    watchdog& dog_;
    resolver& names_;
    client_tls_source& tls_;
    std::vector<std::unique_ptr<shelf>> shelves_;
    deadline sweep_;
};

}  // namespace gaia::net
