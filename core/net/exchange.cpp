#include "core/net/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <iterator>

#include "core/net/server.hpp"
#include "core/net/session.hpp"

namespace gaia::net {
namespace {

std::string_view reason(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 402: return "Payment Required";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        default: return "Status";
    }
}

void append(std::string& out, std::initializer_list<std::string_view> pieces) {
    for (const auto piece : pieces) {
        out.append(piece);
    }
}

void append_hex(std::string& out, std::size_t value) {
    std::array<char, 16> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
    out.append(digits.data(), end);
}

}  // namespace

// ---------------------------------------------------------------- heads

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
        head += "access-control-allow-methods: GET, HEAD, POST, PATCH, DELETE, OPTIONS\r\n"
                "access-control-max-age: 600\r\n";
        const auto wanted = field("access-control-request-headers");
        if (!wanted.empty() && wanted.size() < 1024) {
            fmt::format_to(std::back_inserter(head), "access-control-allow-headers: {}\r\n", wanted);
        }
    }
}

void session::compose_head(int status, std::string_view content_type, std::optional<std::uint64_t> length) {
    status_ = status;
    head_.clear();
    append(head_, {"HTTP/1.1 ", fmt::format_int(status).str(), " ", reason(status), "\r\ndate: ",
                   around_.thread.http_date(), "\r\nx-request-id: ", request_id_, "\r\n"});
    if (!content_type.empty()) {
        append(head_, {"content-type: ", content_type, "\r\n"});
    }
    head_ += extra_headers_;
    head_ += "x-content-type-options: nosniff\r\n";
    if (extra_headers_.find("cache-control:") == std::string::npos) {
        head_ += streaming_ ? "cache-control: no-cache\r\nx-accel-buffering: no\r\n" : "cache-control: no-store\r\n";
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

// ---------------------------------------------------------------- the request

exchange::exchange(session& owner) : session_(owner) {}

exchange::~exchange() { unwatch(); }

std::string_view exchange::method() const noexcept { return session_.method_; }

std::string_view exchange::path() const noexcept {
    const auto path = std::string_view(session_.target_)
                          .substr(session_.path_begin_, session_.path_end_ - session_.path_begin_);
    return path.empty() ? std::string_view("/") : path;
}

std::string_view exchange::query() const noexcept {
    const auto& s = session_;
    return s.path_end_ < s.target_.size() ? std::string_view(s.target_).substr(s.path_end_ + 1)
                                          : std::string_view();
}

std::string_view exchange::parameter() const noexcept { return session_.rest_; }
std::string_view exchange::header(std::string_view name) const { return session_.field(name); }

std::size_t exchange::count_header(std::string_view name) const {
    return session_.fields_.count(boost::beast::string_view(name.data(), name.size()));
}

gaia::request_id exchange::id() const noexcept { return session_.id_; }
const std::string& exchange::request_id() const noexcept { return session_.request_id_; }
const std::string& exchange::client_address() const noexcept { return session_.client_address_; }
bool exchange::from_operator() const noexcept { return session_.from_operator_; }
std::chrono::steady_clock::time_point exchange::started() const noexcept { return session_.started_; }
io_thread& exchange::thread() noexcept { return session_.around_.thread; }
bool exchange::head_sent() const noexcept { return session_.head_sent_; }
int exchange::status() const noexcept { return session_.status_; }
bool exchange::has_left() const noexcept { return session_.left_; }
void exchange::close_after() noexcept { session_.keep_alive_ = false; }

awaitable<result<std::string_view>> exchange::read_body(std::size_t bytes_max) {
    const auto read = co_await session_.read_body(bytes_max);
    if (!read) {
        co_return read.error();
    }
    const auto data = session_.body_.cdata();
    co_return std::string_view(static_cast<const char*>(data.data()), data.size());
}

void exchange::release_body() noexcept {
    session_.body_ = boost::beast::flat_buffer();
    if (session_.inbox_.size() == 0) {
        session_.inbox_ = boost::beast::flat_buffer();
    }
}

// ---------------------------------------------------------------- the answer

void exchange::set_header(std::string_view name, std::string_view value) {
    if (is_valid_field_value(value)) {
        append(session_.extra_headers_, {name, ": ", value, "\r\n"});
    }
}

awaitable<void> exchange::reply(int status, std::string_view content_type, std::string_view body) {
    auto& s = session_;
    s.answered_ = true;
    const bool bodyless = status == 204 || status == 304;
    s.compose_head(status, content_type,
                   bodyless ? std::nullopt : std::optional<std::uint64_t>(body.size()));
    s.head_sent_ = true;
    std::array<asio::const_buffer, 2> buffers{asio::buffer(s.head_), asio::buffer(body)};
    const std::size_t count = s.method_ == "HEAD" || body.empty() ? 1 : 2;
    co_await s.write_all(std::span(buffers.data(), count));
}

awaitable<void> exchange::reply_error(const failure& f) {
    auto& s = session_;
    if (f.retry_after) {
        const auto ms = f.retry_after->count();
        set_header("retry-after", std::to_string((ms + 999) / 1000));
        set_header("retry-after-ms", std::to_string(ms));
    }
    if (f.should_retry) {
        set_header("x-should-retry", *f.should_retry ? "true" : "false");
    }
    if (f.http_status() == 401) {
        set_header("www-authenticate", "Bearer");
    }
    const auto body = s.around_.hooks.render_error(f, s.request_id_);
    co_await reply(f.http_status(), "application/json", body);
}

void exchange::begin_stream(int status, std::string_view content_type) {
    session_.streaming_ = true;
    session_.compose_head(status, content_type, std::nullopt);
}

awaitable<bool> exchange::write(std::string_view bytes) {
    auto& s = session_;
    if (s.write_failed_ || s.left_) {
        co_return false;
    }
    std::array<asio::const_buffer, 4> buffers;
    std::size_t count = 0;
    if (!s.head_sent_) {
        s.head_sent_ = true;
        buffers[count++] = asio::buffer(s.head_);
    }
    if (!bytes.empty() && s.method_ != "HEAD") {
        if (s.http_1_0_) {
            buffers[count++] = asio::buffer(bytes);
        } else {
            s.chunk_head_.clear();
            append_hex(s.chunk_head_, bytes.size());
            s.chunk_head_ += "\r\n";
            buffers[count++] = asio::buffer(s.chunk_head_);
            buffers[count++] = asio::buffer(bytes);
            buffers[count++] = asio::buffer(std::string_view("\r\n"));
        }
    }
    co_return co_await s.write_all(std::span(buffers.data(), count));
}

awaitable<bool> exchange::end_stream() {
    auto& s = session_;
    s.answered_ = true;
    if (!s.head_sent_ && !co_await write({})) {
        co_return false;
    }
    if (s.http_1_0_) {
        co_return !s.write_failed_;
    }
    std::array<asio::const_buffer, 1> end{asio::buffer(std::string_view("0\r\n\r\n"))};
    co_return co_await s.write_all(end);
}

void exchange::write_aside(std::string_view bytes) { session_.write_aside(bytes); }

void exchange::watch(leave_callback left, void* owner) {
    auto& s = session_;
    s.left_callback_ = left;
    s.left_owner_ = owner;
    s.watching_ = true;
    s.watch_.arm(watchdog::tick);
}

void exchange::unwatch() noexcept {
    session_.watching_ = false;
    session_.watch_.disarm();
}

}  // namespace gaia::net
