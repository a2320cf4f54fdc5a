#include "core/net/exchange.hpp"

#include <array>
#include <string>

#include "core/net/server.hpp"
#include "core/net/session.hpp"

namespace gaia::net {
exchange::exchange(session& owner) : session_(owner) {}

exchange::~exchange() {
    unwatch();
}

std::string_view exchange::method() const noexcept {
    return session_.method_;
}

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

std::string_view exchange::parameter() const noexcept {
    return session_.rest_;
}
std::string_view exchange::header(std::string_view name) const {
    return session_.field(name);
}

std::size_t exchange::count_header(std::string_view name) const {
    return session_.fields_.count(boost::beast::string_view(name.data(), name.size()));
}

gaia::request_id exchange::id() const noexcept {
    return session_.id_;
}
const std::string& exchange::request_id() const noexcept {
    return session_.request_id_;
}
const std::string& exchange::client_address() const noexcept {
    return session_.client_address_;
}
bool exchange::from_operator() const noexcept {
    return session_.from_operator_;
}
std::chrono::steady_clock::time_point exchange::started() const noexcept {
    return session_.started_;
}
io_thread& exchange::thread() noexcept {
    return session_.around_.thread;
}
bool exchange::head_sent() const noexcept {
    return session_.head_sent_;
}
int exchange::status() const noexcept {
    return session_.status_;
}
bool exchange::has_left() const noexcept {
    return session_.left_;
}
void exchange::close_after() noexcept {
    session_.keep_alive_ = false;
}

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
        session_.extra_headers_.append(name).append(": ").append(value).append("\r\n");
    }
}

awaitable<void> exchange::reply(int status, std::string_view content_type, std::string_view body) {
    auto& s = session_;
    s.answered_ = true;
    const bool bodyless = status == 204 || status == 304;
    s.compose_head(
        status, content_type, bodyless ? std::nullopt : std::optional<std::uint64_t>(body.size()));
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
    return session_.write_chunk(bytes, false);
}

awaitable<bool> exchange::end_stream(std::string_view last) {
    session_.answered_ = true;
    return session_.write_chunk(last, true);
}

void exchange::write_aside(std::string_view bytes) {
    session_.write_aside(bytes);
}

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
