#pragma once

#include <boost/asio/buffer.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/types.hpp"

namespace boost::asio::ssl {
class context;
}

namespace gaia::net {

// A connected TCP (or Unix domain) socket, with TLS over it or without. Owns the socket; one I/O
// thread. One read and one write may be under way at a time. A read or write that was aborted
// leaves the connection unusable: close it. The only type that knows whether TLS is in use.
class transport {
public:
    explicit transport(stream_socket socket);
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    ~transport();

    // TLS as the accepting side.
    awaitable<void> accept_tls(asio::ssl::context& context, error_code& ec);
    // TLS as the connecting side: SNI and certificate verification for `host`.
    awaitable<void> connect_tls(asio::ssl::context& context,
                                const std::string& host,
                                error_code& ec);

    awaitable<std::size_t> read_some(asio::mutable_buffer into_buffer, error_code& ec);
    // Writes without waiting and without an event loop turn: the number of bytes taken, which is
    // less than given when the socket's buffer is full. Always 0 over TLS.
    std::size_t write_now(std::span<const asio::const_buffer> buffers, error_code& ec) noexcept;
    awaitable<std::size_t> write_some(std::span<const asio::const_buffer> buffers, error_code& ec);
    // Completes when the socket becomes readable or breaks; calls `done` on the I/O thread.
    template <class Done>
    void wait_readable(Done done) {
        socket_.async_wait(stream_socket::wait_read, std::move(done));
    }

    // What the kernel says of the peer without reading: gone (FIN or error seen), data waiting, or
    // neither. Sees a FIN behind unread data only by `peer_has_closed`.
    enum class peek_result { nothing, data, gone };
    peek_result peek() noexcept;
    bool peer_has_closed() noexcept;

    bool is_tls() const noexcept { return tls_ != nullptr; }
    bool is_open() const noexcept { return socket_.is_open(); }
    void shutdown_send() noexcept;
    void close() noexcept;
    stream_socket& socket() noexcept { return socket_; }

private:
    struct tls_layer;
    stream_socket socket_;
    std::unique_ptr<tls_layer> tls_;
};

// Contexts with the project's minimum (TLS 1.2) and cipher policy. Throw std::runtime_error with a
// plain sentence when a file cannot be used.
std::shared_ptr<asio::ssl::context> make_server_tls(const std::string& certificate,
                                                    const std::string& key);
// Verifies against SSL_CERT_FILE / SSL_CERT_DIR when set, else the first usual bundle that exists.
std::shared_ptr<asio::ssl::context> make_client_tls();

}  // namespace gaia::net
