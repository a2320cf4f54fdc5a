#include "core/net/transport.hpp"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl.hpp>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace gaia::net {
namespace {

constexpr std::size_t pieces_max = 16;

}  // namespace

struct transport::tls_layer {
    tls_layer(stream_socket& socket, asio::ssl::context& context) : stream(socket, context) {}
    ~tls_layer() {
        // OpenSSL marks the session of a connection that ends without a shutdown as not resumable.
        SSL_set_shutdown(stream.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    asio::ssl::stream<stream_socket&> stream;
};

transport::transport(stream_socket socket) : socket_(std::move(socket)) {
    error_code ignored;  // ignored: a broken socket fails at its first read
    socket_.native_non_blocking(true, ignored);
}

transport::~transport() {
    close();
}

awaitable<void> transport::accept_tls(asio::ssl::context& context, error_code& ec) {
    tls_ = std::make_unique<tls_layer>(socket_, context);
    return tls_->stream.async_handshake(asio::ssl::stream_base::server, into(ec));
}

awaitable<void> transport::connect_tls(asio::ssl::context& context,
                                       const std::string& host,
                                       error_code& ec) {
    tls_ = std::make_unique<tls_layer>(socket_, context);
    SSL* const ssl = tls_->stream.native_handle();
    error_code no_address;
    asio::ip::make_address(host, no_address);
    bool prepared = true;
    if (no_address) {
        prepared = SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 &&
                   SSL_set1_host(ssl, host.c_str()) == 1;
    } else {
        prepared = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    }
    if (!prepared) {
        ec = asio::error::invalid_argument;
        co_return;
    }
    tls_->stream.set_verify_mode(asio::ssl::verify_peer, ec);
    if (!ec) {
        co_await tls_->stream.async_handshake(asio::ssl::stream_base::client, into(ec));
    }
}

awaitable<std::size_t> transport::read_some(asio::mutable_buffer into_buffer, error_code& ec) {
    if (tls_) {
        return tls_->stream.async_read_some(into_buffer, into(ec));
    }
    return socket_.async_read_some(into_buffer, into(ec));
}

std::size_t transport::write_now(std::span<const asio::const_buffer> buffers,
                                 error_code& ec) noexcept {
    ec = {};
    if (tls_ || !socket_.is_open()) {
        return 0;
    }
    std::array<iovec, pieces_max> pieces;
    std::size_t count = 0;
    for (const auto& buffer : buffers) {
        if (count == pieces.size()) {
            break;
        }
        pieces[count++] = {const_cast<void*>(buffer.data()), buffer.size()};
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            ec = error_code(errno, boost::system::system_category());
        }
        return 0;
    }
    return static_cast<std::size_t>(sent);
}

awaitable<std::size_t> transport::write_some(std::span<const asio::const_buffer> buffers,
                                             error_code& ec) {
    if (tls_) {
        return tls_->stream.async_write_some(buffers, into(ec));
    }
    return socket_.async_write_some(buffers, into(ec));
}

transport::peek_result transport::peek() noexcept {
    if (!socket_.is_open()) {
        return peek_result::gone;
    }
    char byte = 0;
    const ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0) {
        return peek_result::data;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return peek_result::nothing;
    }
    return peek_result::gone;
}

bool transport::peer_has_closed() noexcept {
    if (!socket_.is_open()) {
        return true;
    }
    tcp_info state{};
    socklen_t size = sizeof state;
    if (::getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &state, &size) != 0) {
        return true;
    }
    return state.tcpi_state == TCP_CLOSE_WAIT || state.tcpi_state == TCP_CLOSE ||
           state.tcpi_state == TCP_LAST_ACK || state.tcpi_state == TCP_CLOSING;
}

void transport::shutdown_send() noexcept {
    error_code ignored;  // ignored: the peer may be gone already
    socket_.shutdown(stream_socket::shutdown_send, ignored);
}

void transport::close() noexcept {
    error_code ignored;  // ignored: closing is all that can be done
    socket_.close(ignored);
}

std::shared_ptr<asio::ssl::context> make_server_tls(const std::string& certificate,
                                                    const std::string& key) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    error_code ec;
    context->use_certificate_chain_file(certificate, ec);
    if (ec) {
        throw std::runtime_error("cannot use the certificate file " + certificate);
    }
    context->use_private_key_file(key, asio::ssl::context::pem, ec);
    if (ec || SSL_CTX_check_private_key(context->native_handle()) != 1) {
        throw std::runtime_error("cannot use the private key file " + key +
                                 " with that certificate");
    }
    static constexpr unsigned char protocol[] = "\x08http/1.1";
    SSL_CTX_set_alpn_select_cb(
        context->native_handle(),
        [](SSL*,
           const unsigned char** out,
           unsigned char* out_size,
           const unsigned char* in,
           unsigned int in_size,
           void*) {
            unsigned char* chosen = nullptr;
            if (SSL_select_next_proto(
                    &chosen, out_size, protocol, sizeof protocol - 1, in, in_size) !=
                OPENSSL_NPN_NEGOTIATED) {
                return SSL_TLSEXT_ERR_NOACK;
            }
            *out = chosen;
            return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    return context;
}

std::shared_ptr<asio::ssl::context> make_client_tls() {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    error_code ec;
    if (std::getenv("SSL_CERT_FILE") != nullptr || std::getenv("SSL_CERT_DIR") != nullptr) {
        context->set_default_verify_paths(ec);
        return context;
    }
    // A statically linked OpenSSL knows only its builder's paths.
    for (const char* bundle : {"/etc/ssl/certs/ca-certificates.crt",
                               "/etc/pki/tls/certs/ca-bundle.crt",
                               "/etc/ssl/ca-bundle.pem",
                               "/etc/ssl/cert.pem",
                               "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"}) {
        if (std::filesystem::exists(bundle, ec)) {
            context->load_verify_file(bundle, ec);
            if (!ec) {
                return context;
            }
        }
    }
    context->set_default_verify_paths(ec);
    return context;
}

}  // namespace gaia::net
