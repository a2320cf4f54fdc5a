#include <algorithm>
#include <array>

#include "core/net/session.hpp"

// Reading request bodies.
namespace gaia::net {
namespace {

constexpr std::size_t read_size = 4 * 1024;
constexpr std::size_t skip_bytes_max = 64 * 1024;

}  // namespace

awaitable<result<void>> session::read_body(std::size_t bytes_max) {
    body_read_ = true;
    if (framing_ == framing::none) {
        co_return result<void>();
    }
    if (framing_ == framing::length && length_ > bytes_max) {
        keep_alive_ = false;
        co_return fail(errc::request_too_large);
    }
    if (expects_continue_ && inbox_.size() == 0) {
        std::array<asio::const_buffer, 1> go_on{
            asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"))};
        co_await write_all(go_on);
    }
    body_began_ = watchdog::now();
    body_window_ = 0;
    enter(phase::body,
          std::min<std::chrono::milliseconds>(std::chrono::seconds(10),
                                              rules_->how.timeouts.request_body));
    auto read = framing_ == framing::length ? co_await read_length_body(bytes_max)
                                            : co_await read_chunked_body(bytes_max);
    deadline_.disarm();
    phase_ = phase::busy;
    if (!read) {
        keep_alive_ = false;
    }
    co_return read;
}

awaitable<result<void>> session::read_length_body(std::size_t) {
    // Memory follows what has arrived, not what was announced.
    constexpr std::size_t trusted_size = 256 * 1024;
    const auto present = std::min<std::uint64_t>(length_, inbox_.size());
    body_.reserve(std::min<std::uint64_t>(length_, trusted_size));
    body_.commit(asio::buffer_copy(body_.prepare(present), inbox_.cdata(), present));
    inbox_.consume(present);
    body_received_ = present;
    while (body_received_ < length_) {
        const auto room = std::min<std::uint64_t>(
            length_ - body_received_,
            std::max<std::size_t>(trusted_size - body_.size() % trusted_size, read_size));
        error_code ec;
        const auto got = co_await link_.read_some(body_.prepare(room), ec);
        if (timed_out_) {
            co_return fail(errc::request_timeout);
        }
        if (ec) {
            left_ = true;
            co_return fail_detail(errc::client_closed, ec.message());
        }
        body_.commit(got);
        body_received_ += got;
        body_window_ += got;
    }
    co_return result<void>();
}

awaitable<result<void>> session::read_chunked_body(std::size_t bytes_max) {
    const auto& limits = rules_->how.limits;
    chunk_reader chunks({limits.chunk_extensions, limits.trailers});
    while (true) {
        while (inbox_.size() > 0 && chunks.at() == chunk_reader::state::reading) {
            const auto step = chunks.next(inbox());
            if (body_.size() + step.data.size() > bytes_max) {
                co_return fail(errc::request_too_large);
            }
            body_.commit(
                asio::buffer_copy(body_.prepare(step.data.size()), asio::buffer(step.data)));
            inbox_.consume(step.consumed);
        }
        if (chunks.at() == chunk_reader::state::done) {
            framing_ = framing::none;
            co_return result<void>();
        }
        if (chunks.at() == chunk_reader::state::bad) {
            co_return fail_detail(errc::bad_framing, "malformed chunk");
        }
        const auto before = inbox_.size();
        auto more = co_await read_more(read_size * 4);
        if (!more) {
            co_return more;
        }
        body_window_ += inbox_.size() - before;
    }
}

// What a handler did not read of a body must not be taken for a request. Small rests are read away.
awaitable<bool> session::skip_body() {
    if (body_read_ || framing_ == framing::none) {
        co_return true;
    }
    if (expects_continue_ || framing_ == framing::chunked || length_ > skip_bytes_max) {
        co_return false;
    }
    const auto read = co_await read_body(skip_bytes_max);
    body_.clear();
    co_return read.has_value();
}

}  // namespace gaia::net
