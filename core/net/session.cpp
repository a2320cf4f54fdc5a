#include "core/net/session.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <exception>

#include "core/base/log.hpp"
#include "core/net/server.hpp"

namespace gaia::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t read_size = 4 * 1024;
constexpr std::chrono::milliseconds watch_period{50};
constexpr std::chrono::milliseconds linger_wait{2'000};
constexpr std::size_t linger_read = 16 * 1024;
constexpr std::size_t skip_bytes_max = 64 * 1024;

boost::beast::string_view beast_view(std::string_view text) { return {text.data(), text.size()}; }

bool is_request_id(std::string_view text) {
    if (text.empty() || text.size() > 128) {
        return false;
    }
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

std::string_view host_name(std::string_view host) {
    if (host.starts_with('[')) {
        return host.substr(1, host.find(']') - 1);
    }
    return host.substr(0, host.find(':'));
}

}  // namespace

session::session(environment around,
                 std::shared_ptr<const server_rules> rules,
                 stream_socket socket,
                 const ip_address& peer,
                 bool from_operator,
                 bool over_limit)
    : around_(around),
      rules_(std::move(rules)),
      link_(std::move(socket)),
      peer_(peer),
      from_operator_(from_operator),
      over_limit_(over_limit),
      aside_done_(around.thread.executor()),
      deadline_(around.thread.dog(), &session::on_deadline, this),
      watch_(around.thread.dog(), &session::on_watch, this) {}

std::string_view session::inbox() const noexcept {
    return {static_cast<const char*>(inbox_.cdata().data()), inbox_.size()};
}

std::string_view session::field(std::string_view name) const {
    const auto value = fields_[beast_view(name)];
    return {value.data(), value.size()};
}

// ---------------------------------------------------------------- deadlines and leaving

void session::enter(phase p, std::chrono::milliseconds deadline_after) {
    phase_ = p;
    timed_out_ = false;
    deadline_.arm(deadline_after);
}

void session::on_deadline(void* self) {
    auto& s = *static_cast<session*>(self);
    if (s.phase_ == phase::body) {
        s.on_body_deadline();
        return;
    }
    s.timed_out_ = true;
    error_code ignored;  // ignored: the pending operation reports what it sees
    s.link_.socket().cancel(ignored);
}

// After ten seconds a body must keep a rate of 1 KiB/s, and it may not take longer than its limit.
void session::on_body_deadline() {
    constexpr std::chrono::seconds window{10};
    constexpr std::uint64_t window_bytes_min = 10 * 1024;
    const auto total = rules_->how.timeouts.request_body;
    const auto elapsed = watchdog::now() - body_began_;
    const bool slow = body_window_ < window_bytes_min && elapsed >= window;
    if (elapsed >= total || slow) {
        timed_out_ = true;
        error_code ignored;  // ignored: the pending operation reports what it sees
        link_.socket().cancel(ignored);
        return;
    }
    body_window_ = 0;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(total - elapsed);
    deadline_.arm(std::min<std::chrono::milliseconds>(window, left));
}

void session::on_watch(void* self) {
    auto& s = *static_cast<session*>(self);
    if (!s.watching_) {
        return;
    }
    if (!s.data_waiting_) {
        s.wait_for_leaving();
    } else if (s.link_.peer_has_closed()) {
        s.leave(errc::client_closed);
    } else {
        s.watch_.arm(watch_period);
    }
}

// A fast answer never gets here: waiting costs a system call, so it begins with the first tick.
void session::wait_for_leaving() {
    if (wait_pending_ || !link_.is_open()) {
        return;
    }
    wait_pending_ = true;
    link_.wait_readable([self = shared_from_this()](const error_code& ec) {
        self->wait_pending_ = false;
        if (!ec && self->watching_) {
            self->note_readable();
        }
    });
}

void session::note_readable() {
    switch (link_.peek()) {
        case transport::peek_result::gone:
            leave(errc::client_closed);
            break;
        case transport::peek_result::data:  // a pipelined request, or TLS: a FIN may stand behind it
            data_waiting_ = true;
            watch_.arm(watch_period);
            break;
        case transport::peek_result::nothing:
            watch_.arm(watch_period);
            break;
    }
}

void session::leave(errc why) {
    if (why == errc::client_closed) {
        left_ = true;
    }
    if (watching_ && left_callback_ != nullptr) {
        watching_ = false;
        left_callback_(left_owner_, why);
    } else if (why == errc::draining) {
        link_.close();  // reading a body, or writing to somebody who does not read
    }
}

void session::drain() {
    keep_alive_ = false;
    if (phase_ == phase::idle || (phase_ == phase::head && inbox_.size() == 0)) {
        error_code ignored;  // ignored: the pending read ends the session
        link_.socket().cancel(ignored);
    }
}

// ---------------------------------------------------------------- reading

awaitable<result<void>> session::read_more(std::size_t bytes) {
    error_code ec;
    const auto got = co_await link_.read_some(inbox_.prepare(bytes), ec);
    if (timed_out_) {
        co_return fail(errc::request_timeout);
    }
    if (ec) {
        left_ = true;
        co_return fail_detail(errc::client_closed, ec.message());
    }
    inbox_.commit(got);
    co_return result<void>();
}

awaitable<result<void>> session::read_head() {
    const auto& how = rules_->how;
    const head_limits limit{how.limits.request_line, how.limits.request_head, how.limits.request_headers};
    scanner_.reset();
    // An empty line before a request is what some clients send after a body (RFC 9112, 2.2).
    while (inbox().starts_with("\r\n")) {
        inbox_.consume(2);
    }
    enter(inbox_.size() == 0 ? phase::idle : phase::head,
          inbox_.size() == 0 && requests_ > 0 ? how.timeouts.idle : how.timeouts.request_head);
    while (true) {
        const auto verdict = scanner_.scan(inbox(), limit);
        if (verdict == head_scanner::verdict::complete) {
            deadline_.disarm();
            co_return accept_head(inbox().substr(0, scanner_.size()));
        }
        if (verdict == head_scanner::verdict::bad) {
            co_return fail(scanner_.error());
        }
        const bool first = inbox_.size() == 0;
        if (first && around_.draining.load(std::memory_order_relaxed)) {
            co_return fail(errc::client_closed);
        }
        const auto more = co_await read_more(read_size);
        if (!more) {
            // A connection that never began a request ends without an answer.
            co_return inbox_.size() == 0 ? fail(errc::client_closed) : more.error();
        }
        if (first) {
            if (inbox().starts_with("\r\n")) {
                inbox_.consume(2);
            }
            enter(phase::head, how.timeouts.request_head);
        }
    }
}

result<void> session::accept_head(std::string_view head) {
    const auto& limits = rules_->how.limits;
    reset_request();
    started_ = std::chrono::steady_clock::now();
    id_ = next_request_id();
    request_id_ = to_string(id_);
    const auto gated = gate_request(head, {limits.request_line, limits.request_head, limits.request_headers});
    if (!gated) {
        keep_alive_ = false;
        return gated.error();
    }
    http::request_parser<http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
    parser.body_limit(boost::none);
    parser.skip(true);
    error_code ec;
    parser.put(asio::buffer(head), ec);
    if (ec || !parser.is_header_done()) {
        keep_alive_ = false;
        return fail_detail(errc::bad_framing, "the gate and the parser disagree");
    }
    fields_ = std::move(static_cast<http::fields&>(parser.get().base()));
    method_ = gated->method;
    target_ = gated->target;
    http_1_0_ = gated->http_1_0;
    framing_ = gated->body;
    length_ = gated->length;
    expects_continue_ = gated->expects_continue;
    ++requests_;
    keep_alive_ = gated->keep_alive && requests_ < limits.requests_per_connection && !over_limit_ &&
                  !around_.draining.load(std::memory_order_relaxed);
    if (const auto id = field("x-request-id"); is_request_id(id)) {
        request_id_ = id;
    }
    std::string_view host = gated->host;
    path_begin_ = 0;
    if (const auto scheme = target_.find("://"); scheme != std::string::npos && target_[0] != '/') {
        const auto slash = target_.find_first_of("/?", scheme + 3);
        path_begin_ = std::min(slash, target_.size());
        host = std::string_view(target_).substr(scheme + 3, path_begin_ - scheme - 3);
        if (!is_valid_host(host)) {
            keep_alive_ = false;
            return fail_detail(errc::bad_framing, "authority");
        }
    }
    path_end_ = std::min(target_.find('?', path_begin_), target_.size());
    const auto checked = check_host(host);
    client_address_ = client_address(peer_, forwarded_for(), rules_->trusted).to_string();
    inbox_.consume(head.size());
    return checked;
}

// All fields of the name as one list: a proxy may add a line of its own behind the client's.
std::string session::forwarded_for() const {
    std::string list;
    const auto [first, last] = fields_.equal_range(beast_view("x-forwarded-for"));
    for (auto field = first; field != last; ++field) {
        const auto value = field->value();
        list.append(list.empty() ? "" : ",").append(value.data(), value.size());
    }
    return list;
}

// A page of another site that has its name resolved to this machine (DNS rebinding) sends that name.
result<void> session::check_host(std::string_view host) const {
    const auto name = host_name(host);
    if (!rules_->loopback || from_operator_ || name.empty() || equal_ignoring_case(name, "localhost") ||
        name.ends_with(".localhost") || name.find('.') == std::string_view::npos) {
        return {};
    }
    error_code no_address;
    asio::ip::make_address(std::string(name), no_address);
    if (!no_address) {
        return {};
    }
    for (const auto& allowed : rules_->how.hosts) {
        if (equal_ignoring_case(allowed, name)) {
            return {};
        }
    }
    return fail(errc::misdirected_request);
}

void session::reset_request() {
    fields_.clear();
    method_.clear();
    target_.clear();
    rest_.clear();
    matched_ = nullptr;
    path_begin_ = path_end_ = 0;
    framing_ = framing::none;
    length_ = body_received_ = body_window_ = 0;
    body_read_ = expects_continue_ = false;
    body_.clear();
    extra_headers_.clear();
    client_address_.clear();
    status_ = 0;
    head_sent_ = streaming_ = answered_ = write_failed_ = false;
    left_ = data_waiting_ = false;
    aside_.clear();
}

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
        std::array<asio::const_buffer, 1> go_on{asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"))};
        co_await write_all(go_on);
    }
    body_began_ = watchdog::now();
    body_window_ = 0;
    enter(phase::body, std::min<std::chrono::milliseconds>(std::chrono::seconds(10),
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
            length_ - body_received_, std::max<std::size_t>(trusted_size - body_.size() % trusted_size, read_size));
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
            body_.commit(asio::buffer_copy(body_.prepare(step.data.size()), asio::buffer(step.data)));
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

// ---------------------------------------------------------------- answering

void session::write_aside(std::string_view bytes) {
    if (write_failed_ || left_ || !head_sent_ || phase_ == phase::writing || !aside_.empty()) {
        return;
    }
    aside_ = http_1_0_ ? std::string(bytes) : fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
    if (link_.is_tls()) {
        aside_writing_ = true;
        asio::co_spawn(around_.thread.executor(), write_aside_tls(),
                       [self = shared_from_this()](const std::exception_ptr&) {
                           self->aside_writing_ = false;
                           self->aside_done_.cancel();
                       });
        return;
    }
    const std::array<asio::const_buffer, 1> buffers{asio::buffer(aside_)};
    error_code ec;
    const auto taken = link_.write_now(buffers, ec);
    // Nothing taken: the client is slow, a heartbeat would not reach it. A part taken: the rest must
    // go out before anything else.
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
    if ((aside_writing_ || !aside_.empty()) && !co_await write_pending()) {
        co_return false;
    }
    co_await turn(around_.thread.executor());
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

awaitable<void> session::answer_options(exchange& ex, const routes::match& match) {
    const bool whole_server = target_ == "*";
    if (!whole_server && match.allow.empty()) {
        co_return co_await ex.reply_error(fail(errc::unknown_url));
    }
    ex.set_header("allow", whole_server ? "GET, HEAD, POST, OPTIONS" : match.allow + ", OPTIONS");
    co_await ex.reply(204, {}, {});
}

awaitable<void> session::dispatch(exchange& ex) {
    const auto match = around_.table.find(method_, ex.path());
    if (method_ == "OPTIONS") {
        co_return co_await answer_options(ex, around_.table.find({}, ex.path()));
    }
    if (match.found == nullptr) {
        if (match.allow.empty()) {
            co_return co_await ex.reply_error(fail(errc::unknown_url));
        }
        ex.set_header("allow", match.allow + ", OPTIONS");
        co_return co_await ex.reply_error(fail(errc::method_not_allowed));
    }
    if (!match.found->during_drain && (over_limit_ || around_.draining.load(std::memory_order_relaxed))) {
        failure busy = fail(over_limit_ ? errc::overloaded : errc::draining);
        busy.retry_after = std::chrono::seconds(1);
        co_return co_await ex.reply_error(busy);
    }
    rest_ = match.rest;
    matched_ = match.found;
    co_await match.found->handle(ex);
}

// No exception crosses a session.
awaitable<void> session::answer(exchange& ex) {
    bool failed = false;
    try {
        co_await dispatch(ex);
        failed = !answered_ && !left_;
    } catch (const std::exception& problem) {
        log::error("a request failed inside the gateway", {{"request_id", request_id_}, {"problem", problem.what()}});
        failed = true;
    }
    if (failed) {
        if (head_sent_) {
            link_.close();
        } else {
            streaming_ = false;
            co_await ex.reply_error(fail(errc::internal));
        }
    }
}

// Lets the client read the answer before the connection goes: closing with unread input resets it.
awaitable<void> session::close_gently() {
    if (write_failed_ || !link_.is_open()) {
        co_return;
    }
    link_.shutdown_send();
    enter(phase::head, linger_wait);
    error_code ec;
    while (!timed_out_ && !ec) {
        inbox_.clear();
        co_await link_.read_some(inbox_.prepare(linger_read), ec);
    }
    deadline_.disarm();
}

void session::note_finished() {
    if (around_.hooks.finished) {
        around_.hooks.finished(around_.thread.index(),
                               method_.empty() ? std::string_view("none") : std::string_view(method_),
                               matched_ != nullptr ? std::string_view(matched_->pattern) : std::string_view(),
                               left_ && !answered_ ? 499 : status_,
                               std::chrono::steady_clock::now() - started_);
    }
}

awaitable<void> session::run() {
    if (rules_->tls && !from_operator_) {
        error_code ec;
        enter(phase::handshake, rules_->how.timeouts.tls_handshake);
        co_await link_.accept_tls(*rules_->tls, ec);
        deadline_.disarm();
        if (ec || timed_out_) {
            co_return;
        }
    }
    do {
        const auto ready = co_await read_head();
        if (!ready && ready.error().what == errc::client_closed) {
            co_return;
        }
        phase_ = phase::busy;
        exchange ex(*this);
        if (ready) {
            co_await answer(ex);
        } else {
            if (id_.value == 0 || answered_) {
                reset_request();
                started_ = std::chrono::steady_clock::now();
                id_ = next_request_id();
                request_id_ = to_string(id_);
            }
            keep_alive_ = false;
            co_await ex.reply_error(ready.error());
        }
        note_finished();
        if (left_ || !link_.is_open()) {
            co_return;
        }
        if (!keep_alive_ || !co_await skip_body()) {
            co_await close_gently();
            co_return;
        }
        body_.clear();
        if (body_.capacity() > read_size * 4) {
            body_.shrink_to_fit();
        }
    } while (keep_alive_);
    co_await close_gently();
}

}  // namespace gaia::net
