// How a call comes to a new connection: name, address, proxy, TLS.
#include <algorithm>
#include <array>

#include "core/net/http_call.hpp"

namespace gaia::net {
namespace {

// Keeps what a slow client makes us hold in the kernel small; enough for 2.5 MB/s at 100 ms.
constexpr int receive_buffer = 256 * 1024;

}  // namespace

awaitable<result<void>> http_call::connect_to(const std::vector<ip_address>& addresses,
                                              std::uint16_t port) {
    error_code ec = asio::error::host_not_found;
    // An address that swallows packets must not use up the time of the one that works. The last one
    // has all that is left, by the deadline of the whole.
    const auto share = how_.connect / std::max<std::size_t>(1, addresses.size());
    for (const auto& address : addresses) {
        if (!target_.trusted && !is_public_address(address)) {
            co_return fail_detail(errc::upstream_unreachable, "the address is not public");
        }
        connecting_ = std::make_unique<tcp_socket>(pool_.executor());
        const asio::ip::tcp::endpoint endpoint(address, port);
        connecting_->open(endpoint.protocol(), ec);
        if (!ec) {
            error_code ignored;  // ignored: these only tune
            connecting_->set_option(asio::ip::tcp::no_delay(true), ignored);
            connecting_->set_option(asio::socket_base::receive_buffer_size(receive_buffer),
                                    ignored);
            if (&address != &addresses.back()) {
                address_deadline_.arm(share);
            }
            co_await connecting_->async_connect(endpoint, into(ec));
            address_deadline_.disarm();
        }
        if (aborted_) {
            connecting_.reset();
            co_return stopped(errc::upstream_timeout, "connect");
        }
        if (!ec) {
            connection_ = std::make_unique<upstream_connection>(std::move(*connecting_));
            connecting_.reset();
            co_return result<void>();
        }
    }
    connecting_.reset();
    co_return fail_detail(errc::upstream_unreachable, "connect: " + ec.message());
}

awaitable<result<void>> http_call::connect() {
    deadline_.arm(how_.connect);
    const bool proxied = !target_.proxy_host.empty();
    const std::string host(proxied ? target_.proxy_host : target_.host);
    lookup_.emplace(pool_.names(), pool_.executor());
    const auto addresses = co_await lookup_->run(host);
    lookup_.reset();
    if (aborted_) {
        co_return stopped(errc::upstream_timeout, "name resolution");
    }
    if (!addresses) {
        co_return fail_detail(errc::upstream_unreachable, "the host name does not resolve");
    }
    auto connected = co_await connect_to(*addresses, proxied ? target_.proxy_port : target_.port);
    if (connected && proxied) {
        connected = co_await open_tunnel();
    }
    if (!connected) {
        co_return connected;
    }
    if (target_.tls) {
        error_code ec;
        const std::string name(target_.host);
        const auto context = pool_.tls().get();
        co_await connection_->link.connect_tls(*context, name, ec);
        if (aborted_ || ec) {
            connection_->link.close();
            co_return stopped(errc::upstream_unreachable, "TLS handshake");
        }
    }
    co_return result<void>();
}

awaitable<result<void>> http_call::open_tunnel() {
    const bool v6 = target_.host.find(':') != std::string_view::npos;
    const std::string authority =
        (v6 ? "[" + std::string(target_.host) + "]" : std::string(target_.host)) + ":" +
        std::to_string(target_.port);
    const std::string head =
        "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
    std::array<asio::const_buffer, 1> buffers{asio::buffer(head)};
    const auto written = co_await write(buffers);
    if (!written) {
        co_return written;
    }
    const auto raw = co_await read_raw_head();
    if (!raw) {
        co_return fail_detail(aborted_.value_or(errc::upstream_unreachable),
                              "the proxy did not answer");
    }
    const auto gated = gate_response(*raw, {how_.head_max, how_.head_max, 200});
    connection_->begin += raw->size();
    if (!gated || gated->status / 100 != 2 || !connection_->unread().empty()) {
        co_return fail_detail(errc::upstream_unreachable, "the proxy refused the tunnel");
    }
    co_return result<void>();
}

}  // namespace gaia::net
