#include "core/net/server.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <stdexcept>

#include "core/base/log.hpp"
#include "core/net/session.hpp"

namespace gaia::net {
namespace {

constexpr int backlog = 4096;
constexpr int send_buffer = 128 * 1024;  // bounds what a client that does not read makes us hold
constexpr std::size_t spare_connections = 16;
constexpr rlim_t other_files = 64;
constexpr std::chrono::milliseconds accept_pause{100};

using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, io_executor>;
using local_acceptor = asio::basic_socket_acceptor<asio::local::stream_protocol, io_executor>;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Two files per connection; the soft limit is raised to the hard one first.
std::size_t connections_possible(std::size_t wanted) {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return wanted;
    }
    if (files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    const rlim_t possible =
        files.rlim_cur > 2 * other_files ? (files.rlim_cur - other_files) / 2 : other_files / 2;
    if (possible < wanted) {
        log::warn("the limit on open files lowers the limit on connections",
                  {{"files", files.rlim_cur}, {"connections", possible}});
        return possible;
    }
    return wanted;
}

std::shared_ptr<const server_rules> make_rules(const settings& how) {
    auto rules = std::make_shared<server_rules>();
    rules->how = how;
    rules->how.limits.connections = connections_possible(how.limits.connections);
    for (const auto& text : how.trusted_proxies) {
        if (const auto range = address_range::parse(text)) {
            rules->trusted.push_back(*range);
        }
    }
    if (!how.tls.certificate.empty()) {
        rules->tls = make_server_tls(how.tls.certificate, how.tls.key);
    }
    error_code ec;
    const auto address = asio::ip::make_address(how.host, ec);
    rules->loopback = ec ? how.host == "localhost" : address.is_loopback();
    return rules;
}

// With SO_REUSEPORT a second process could listen on the same port unnoticed, and share its
// clients.
void refuse_taken_port(io_executor executor,
                       const asio::ip::tcp::endpoint& endpoint,
                       const std::string& host) {
    tcp_acceptor probe(executor);
    error_code ec;
    probe.open(endpoint.protocol(), ec);
    probe.set_option(asio::socket_base::reuse_address(true), ec);
    probe.bind(endpoint, ec);
    if (!ec) {
        probe.listen(1, ec);
    }
    if (ec) {
        throw std::runtime_error("cannot listen on " + host + ":" +
                                 std::to_string(endpoint.port()) + ": " + ec.message());
    }
}

}  // namespace

struct server::worker {
    worker(unsigned index, resolver& names, client_tls_source& tls) : io(index, names, tls) {}

    io_thread io;
    std::optional<tcp_acceptor> tcp;
    std::optional<local_acceptor> control;
    std::optional<asio::executor_work_guard<io_executor>> work;
    std::shared_ptr<const server_rules> rules;
    session* first = nullptr;
    std::size_t sessions = 0;
    std::thread thread;
    std::optional<deadline> drain_deadline;
};

server::server(settings how, routes table, server_hooks hooks)
    : table_(std::move(table)), hooks_(std::move(hooks)), how_(std::move(how)) {
    unsigned count =
        how_.threads != 0 ? how_.threads : std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) {
        threads_.push_back(std::make_unique<worker>(i, names_, client_tls_));
    }
}

server::~server() {
    if (!control_path_.empty()) {
        ::unlink(control_path_.c_str());
    }
}

io_thread& server::thread(unsigned index) noexcept {
    return threads_[index]->io;
}

void server::listen(const std::string& control_socket) {
    const auto rules = make_rules(how_);
    error_code ec;
    auto address = asio::ip::make_address(how_.host == "localhost" ? "127.0.0.1" : how_.host, ec);
    if (ec) {
        throw std::runtime_error("server.listen: " + how_.host +
                                 " is not an address of this machine");
    }
    port_ = how_.port;
    if (threads_.size() > 1 && port_ != 0) {
        refuse_taken_port(threads_.front()->io.executor(), {address, port_}, how_.host);
    }
    for (const auto& w : threads_) {
        const asio::ip::tcp::endpoint endpoint(address, port_);
        w->rules = rules;
        w->tcp.emplace(w->io.executor());
        w->tcp->open(endpoint.protocol(), ec);
        w->tcp->set_option(asio::socket_base::reuse_address(true), ec);
        if (threads_.size() > 1) {
            w->tcp->set_option(reuse_port(true), ec);
        }
        // Inherited by the accepted sockets.
        w->tcp->set_option(asio::ip::tcp::no_delay(true), ec);
        w->tcp->set_option(asio::socket_base::send_buffer_size(send_buffer), ec);
        w->tcp->bind(endpoint, ec);
        if (!ec) {
            w->tcp->listen(backlog, ec);
        }
        if (ec) {
            throw std::runtime_error("cannot listen on " + how_.host + ":" + std::to_string(port_) +
                                     ": " + ec.message());
        }
        port_ = w->tcp->local_endpoint().port();
    }
    if (!control_socket.empty()) {
        auto& w = *threads_.front();
        ::unlink(control_socket.c_str());
        const auto mask = ::umask(0177);
        w.control.emplace(w.io.executor());
        w.control->open(asio::local::stream_protocol(), ec);
        try {
            w.control->bind(asio::local::stream_protocol::endpoint(control_socket), ec);
        } catch (const boost::system::system_error&) {
            ec = asio::error::name_too_long;
        }
        ::umask(mask);
        if (!ec) {
            w.control->listen(backlog, ec);
        }
        if (ec) {
            // The gateway serves without it; only `gaiarouter keys` beside a running server needs
            // it.
            log::warn("cannot open the control socket",
                      {{"path", control_socket}, {"problem", ec.message()}});
            w.control.reset();
        } else {
            control_path_ = control_socket;
        }
    }
}

struct server::listener {
    tcp_acceptor* tcp = nullptr;
    local_acceptor* control = nullptr;
};

awaitable<void> server::accept_loop(worker& w, listener& l) {
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               io_executor>
        pause(w.io.executor());
    while (!is_draining()) {
        error_code ec;
        ip_address peer = asio::ip::address_v4::loopback();
        std::optional<stream_socket> socket;
        if (l.tcp != nullptr) {
            asio::ip::tcp::endpoint from;
            tcp_socket accepted(w.io.executor());
            co_await l.tcp->async_accept(accepted, from, into(ec));
            if (!ec) {
                peer = unmapped(from.address());
                socket.emplace(std::move(accepted));
            }
        } else {
            asio::basic_stream_socket<asio::local::stream_protocol, io_executor> accepted(
                w.io.executor());
            co_await l.control->async_accept(accepted, into(ec));
            if (!ec) {
                socket.emplace(std::move(accepted));
            }
        }
        if (is_draining()) {
            break;
        }
        if (ec) {
            // Out of files or memory: wait instead of spinning.
            pause.expires_after(accept_pause);
            co_await pause.async_wait(into(ec));
            continue;
        }
        begin_session(w, std::move(*socket), peer, l.control != nullptr);
    }
}

bool server::admit_address(const ip_address& peer, std::size_t limit) {
    if (peer.is_loopback()) {
        return true;  // usually a proxy on this machine, in front of everybody
    }
    const std::lock_guard lock(address_mutex_);
    auto& count = per_address_[peer.to_string()];
    if (count >= limit) {
        return false;
    }
    ++count;
    return true;
}

void server::begin_session(worker& w,
                           stream_socket socket,
                           const ip_address& peer,
                           bool from_operator) {
    const bool over_limit =
        connections_.load(std::memory_order_relaxed) >= w.rules->how.limits.connections;
    if (over_limit && spare_.load(std::memory_order_relaxed) >= spare_connections) {
        static constexpr std::string_view full =
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: "
            "1\r\n"
            "content-length: 123\r\nconnection: close\r\n\r\n"
            R"({"error":{"message":"Too many connections.","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}})";
        static_assert(full.substr(full.find("\r\n\r\n") + 4).size() == 123);
        ::send(socket.native_handle(), full.data(), full.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return;
    }
    if (!admit_address(peer, w.rules->how.limits.connections_per_address)) {
        return;
    }
    (over_limit ? spare_ : connections_).fetch_add(1, std::memory_order_relaxed);
    auto made = std::make_shared<session>(session::environment{w.io, table_, hooks_, draining_},
                                          w.rules,
                                          std::move(socket),
                                          peer,
                                          from_operator,
                                          over_limit);
    made->next = w.first;
    if (w.first != nullptr) {
        w.first->previous = made.get();
    }
    w.first = made.get();
    ++w.sessions;
    asio::co_spawn(w.io.executor(),
                   made->run(),
                   [this, &w, made, peer, over_limit](const std::exception_ptr& problem) {
                       if (problem) {
                           try {
                               std::rethrow_exception(problem);
                           } catch (const std::exception& e) {
                               log::error("a connection failed inside the gateway",
                                          {{"problem", e.what()}});
                           }
                       }
                       (over_limit ? spare_ : connections_).fetch_sub(1, std::memory_order_relaxed);
                       end_session(w, *made, peer);
                   });
}

void server::end_session(worker& w, session& s, const ip_address& peer) noexcept {
    (s.previous != nullptr ? s.previous->next : w.first) = s.next;
    if (s.next != nullptr) {
        s.next->previous = s.previous;
    }
    --w.sessions;
    if (!peer.is_loopback()) {
        const std::lock_guard lock(address_mutex_);
        const auto row = per_address_.find(peer.to_string());
        if (row != per_address_.end() && --row->second == 0) {
            per_address_.erase(row);
        }
    }
    stop_if_drained(w);
}

void server::start() {
    for (const auto& w : threads_) {
        w->work.emplace(w->io.executor());
        const auto spawn = [this, &w](listener l) {
            const auto held = std::make_shared<listener>(l);
            asio::co_spawn(
                w->io.executor(), accept_loop(*w, *held), [held](const std::exception_ptr&) {});
        };
        spawn({&*w->tcp, nullptr});
        if (w->control) {
            spawn({nullptr, &*w->control});
        }
        w->thread = std::thread([&context = w->io.context()] { context.run(); });
    }
}

void server::stop_if_drained(worker& w) {
    if (is_draining() && w.sessions == 0) {
        w.drain_deadline.reset();
        w.io.upstreams().clear();
        w.io.dog().stop();
        w.work.reset();
    }
}

void server::drain() {
    draining_ = true;
    for (const auto& w : threads_) {
        asio::post(w->io.executor(), [this, &w = *w] {
            error_code ignored;  // ignored: closing is all that can be done
            w.tcp->close(ignored);
            if (w.control) {
                w.control->close(ignored);
            }
            for (session* s = w.first; s != nullptr; s = s->next) {
                s->drain();
            }
            w.drain_deadline.emplace(
                w.io.dog(),
                [](void* owner) {
                    for (session* s = static_cast<worker*>(owner)->first; s != nullptr;
                         s = s->next) {
                        s->leave(errc::draining);
                    }
                },
                &w);
            w.drain_deadline->arm(w.rules->how.timeouts.drain);
            stop_if_drained(w);
        });
    }
}

void server::drain_now() {
    for (const auto& w : threads_) {
        asio::post(w->io.executor(), [&w = *w] {
            for (session* s = w.first; s != nullptr; s = s->next) {
                s->leave(errc::draining);
            }
        });
    }
}

void server::join() {
    for (const auto& w : threads_) {
        if (w->thread.joinable()) {
            w->thread.join();
        }
    }
}

void server::change(const settings& how) {
    // The listening address, the threads and the certificate's use are fixed; a renewed certificate
    // is read.
    settings next = how;
    next.host = how_.host;
    next.port = how_.port;
    const auto rules = make_rules(next);
    for (const auto& w : threads_) {
        asio::post(w->io.executor(), [&w = *w, rules] { w.rules = rules; });
    }
}

}  // namespace gaia::net
