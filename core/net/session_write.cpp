#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <charconv>
#include <initializer_list>

#include "core/net/session.hpp"

// Heads and bytes of answers.
namespace gaia::net {
namespace {

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 204:
            return "No Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

void append(std::string& out, std::initializer_list<std::string_view> pieces) {
    for (const auto piece : pieces) {
        out.append(piece);
    }
}

void append_hex(std::string& out, std::size_t value) {
    std::array<char, 16> digits;
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
    out.append(digits.data(), end);
}

}  // namespace

void session::add_cors(std::string& head) const {
    const auto origin = field("origin");
    if (origin.empty() || rules_->how.cors_origins.empty()) {
        return;
    }
    const auto& allowed = rules_->how.cors_origins;
    const bool listed = std::find(allowed.begin(), allowed.end(), origin) != allowed.end();
    const bool any = std::find(allowed.begin(), allowed.end(), "*") != allowed.end();
    if (!listed && !any) {
        return;
    }
    fmt::format_to(std::back_inserter(head),
                   "access-control-allow-origin: {}\r\nvary: origin\r\n"
                   "access-control-expose-headers: x-request-id, retry-after\r\n",
                   listed ? origin : std::string_view("*"));
    if (method_ == "OPTIONS") {
        head +=
            "access-control-allow-methods: GET, HEAD, POST, PATCH, DELETE, OPTIONS\r\n"
            "access-control-max-age: 600\r\n";
        const auto wanted = field("access-control-request-headers");
        if (!wanted.empty() && wanted.size() < 1024) {
            fmt::format_to(
                std::back_inserter(head), "access-control-allow-headers: {}\r\n", wanted);
        }
    }
}

void session::compose_head(int status,
                           std::string_view content_type,
                           std::optional<std::uint64_t> length) {
    status_ = status;
    head_.clear();
    append(head_,
           {"HTTP/1.1 ",
            fmt::format_int(status).str(),
            " ",
            reason(status),
            "\r\ndate: ",
            around_.thread.http_date(),
            "\r\nx-request-id: ",
            request_id_,
            "\r\n"});
    if (!content_type.empty()) {
        append(head_, {"content-type: ", content_type, "\r\n"});
    }
    head_ += extra_headers_;
    head_ += "x-content-type-options: nosniff\r\n";
    if (extra_headers_.find("cache-control:") == std::string::npos) {
        head_ += streaming_ ? "cache-control: no-cache\r\nx-accel-buffering: no\r\n"
                            : "cache-control: no-store\r\n";
    }
    if (extra_headers_.find("content-security-policy:") == std::string::npos) {
        head_ += "content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n";
    }
    add_cors(head_);
    if (length) {
        append(head_, {"content-length: ", fmt::format_int(*length).str(), "\r\n"});
    } else if (streaming_ && !http_1_0_) {
        head_ += "transfer-encoding: chunked\r\n";
    } else if (streaming_) {
        keep_alive_ = false;
    }
    if (!keep_alive_) {
        head_ += "connection: close\r\n";
    } else if (http_1_0_) {
        head_ += "connection: keep-alive\r\n";
    }
    head_ += "\r\n";
}

// Head when it has not gone out yet, one chunk, and the end of the body when it is the last: one
// write.
awaitable<bool> session::write_chunk(std::string_view bytes, bool last) {
    if (write_failed_ || left_) {
        co_return false;
    }
    std::array<asio::const_buffer, 4> buffers;
    std::size_t count = 0;
    if (!head_sent_) {
        head_sent_ = true;
        buffers[count++] = asio::buffer(head_);
    }
    const bool body = method_ != "HEAD";
    if (http_1_0_ || !body) {
        if (body && !bytes.empty()) {
            buffers[count++] = asio::buffer(bytes);
        }
    } else {
        std::string_view tail = last ? "0\r\n\r\n" : "";
        if (!bytes.empty()) {
            chunk_head_.clear();
            append_hex(chunk_head_, bytes.size());
            chunk_head_ += "\r\n";
            buffers[count++] = asio::buffer(chunk_head_);
            buffers[count++] = asio::buffer(bytes);
            tail = last ? "\r\n0\r\n\r\n" : "\r\n";
        }
        if (!tail.empty()) {
            buffers[count++] = asio::buffer(tail);
        }
    }
    co_return co_await write_all(std::span(buffers.data(), count));
}

void session::write_aside(std::string_view bytes) {
    if (write_failed_ || left_ || !head_sent_ || phase_ == phase::writing || !aside_.empty()) {
        return;
    }
    aside_ = http_1_0_ ? std::string(bytes) : fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
    if (link_.is_tls()) {
        aside_writing_ = true;
        deadline_.arm(rules_->how.timeouts.write);
        asio::co_spawn(around_.thread.executor(),
                       write_aside_tls(),
                       [self = shared_from_this()](const std::exception_ptr&) {
                           self->aside_writing_ = false;
                           self->deadline_.disarm();
                           self->aside_done_.cancel();
                       });
        return;
    }
    const std::array<asio::const_buffer, 1> buffers{asio::buffer(aside_)};
    error_code ec;
    const auto taken = link_.write_now(buffers, ec);
    // Nothing taken: the client is slow, a heartbeat would not reach it. A part taken: the rest
    // must go out before anything else.
    aside_.erase(0, taken == 0 ? aside_.size() : taken);
}

awaitable<void> session::write_aside_tls() {
    error_code ec;
    while (!aside_.empty()) {
        const std::array<asio::const_buffer, 1> buffers{asio::buffer(aside_)};
        const auto taken = co_await link_.write_some(buffers, ec);
        aside_.erase(0, ec ? aside_.size() : taken);
    }
}

awaitable<bool> session::write_pending() {
    error_code ec;
    while (aside_writing_) {
        aside_done_.expires_at(std::chrono::steady_clock::time_point::max());
        co_await aside_done_.async_wait(into(ec));
    }
    if (aside_.empty()) {
        co_return true;
    }
    const std::string rest = std::move(aside_);
    aside_.clear();
    std::array<asio::const_buffer, 1> buffers{asio::buffer(rest)};
    co_return co_await write_all(buffers);
}

awaitable<bool> session::write_all(std::span<asio::const_buffer> buffers) {
    error_code ec;
    co_await turn(around_.thread.executor());
    if ((aside_writing_ || !aside_.empty()) && !co_await write_pending()) {
        co_return false;
    }
    while (!buffers.empty()) {
        std::size_t taken = link_.write_now(buffers, ec);
        if (!ec && taken == 0) {
            const auto before = phase_;
            enter(phase::writing, rules_->how.timeouts.write);
            taken = co_await link_.write_some(buffers, ec);
            deadline_.disarm();
            phase_ = before;
        }
        if (ec) {
            write_failed_ = left_ = true;
            keep_alive_ = false;
            co_return false;
        }
        while (!buffers.empty() && taken >= buffers.front().size()) {
            taken -= buffers.front().size();
            buffers = buffers.subspan(1);
        }
        if (taken > 0) {
            buffers.front() += taken;
        }
    }
    co_return true;
}

}  // namespace gaia::net
