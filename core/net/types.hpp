#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gaia::net {

namespace asio = boost::asio;
using boost::system::error_code;

// Concrete executor types throughout: no type erasure on the path of a request.
using io_executor = asio::io_context::executor_type;
template <class T>
using awaitable = asio::awaitable<T, io_executor>;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, io_executor>;
// TCP or a Unix domain socket.
using stream_socket = asio::basic_stream_socket<asio::generic::stream_protocol, io_executor>;

inline constexpr asio::use_awaitable_t<io_executor> use_awaitable{};
// co_await op(..., into(ec)): errors go to `ec`, nothing is thrown.
inline auto into(error_code& ec) {
    return asio::redirect_error(use_awaitable, ec);
}

// Lets the handlers that are ready run first. Writes that follow one another without other work in
// between cost the kernel much less (its other end stays awake), so everybody writes after a turn.
inline awaitable<void> turn(io_executor executor) {
    return asio::post(executor, use_awaitable);
}

}  // namespace gaia::net
