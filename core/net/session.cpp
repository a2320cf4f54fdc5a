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
constexpr std::chrono::milliseconds linger_wait{2'000};
constexpr std::size_t linger_read = 16 * 1024;

boost::beast::string_view beast_view(std::string_view text) {
    return {text.data(), text.size()};
}

bool is_request_id(std::string_view text) {
    if (text.empty() || text.size() > 128) {
        return false;
    }
    for (const char c : text) {
        const bool letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
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
    const head_limits limit{
        how.limits.request_line, how.limits.request_head, how.limits.request_headers};
    scanner_.reset();
    // One empty line before a request is what some clients send after a body (RFC 9112, 2.2).
    bool skipped = false;
    const auto skip_empty_line = [this, &skipped] {
        if (!skipped && inbox().starts_with("\r\n")) {
            inbox_.consume(2);
            skipped = true;
        }
    };
    skip_empty_line();
    bool began = inbox_.size() > 0;
    enter(began ? phase::head : phase::idle,
          !began && requests_ > 0 ? how.timeouts.idle : how.timeouts.request_head);
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
        skip_empty_line();
        if (!began) {
            began = true;
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
    const auto gated =
        gate_request(head, {limits.request_line, limits.request_head, limits.request_headers});
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

// A page of another site that has its name resolved to this machine (DNS rebinding) sends that
// name.
result<void> session::check_host(std::string_view host) const {
    const auto name = host_name(host);
    if (!rules_->loopback || from_operator_ || name.empty() ||
        equal_ignoring_case(name, "localhost") || name.ends_with(".localhost") ||
        name.find('.') == std::string_view::npos) {
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

// ---------------------------------------------------------------- answering

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
    if (!match.found->during_drain &&
        (over_limit_ || around_.draining.load(std::memory_order_relaxed))) {
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
        log::error("a request failed inside the gateway",
                   {{"request_id", request_id_}, {"problem", problem.what()}});
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
        server_hooks::exchange_end end;
        end.thread = around_.thread.index();
        end.method = method_.empty() ? std::string_view("none") : std::string_view(method_);
        end.route = matched_ != nullptr ? std::string_view(matched_->pattern) : std::string_view();
        end.request_id = request_id_;
        end.client = client_address_;
        end.status = left_ && !answered_ ? 499 : status_;
        end.took = std::chrono::steady_clock::now() - started_;
        around_.hooks.finished(end);
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
