#include "core/net/resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <mutex>
#include <unordered_map>

namespace gaia::net {
namespace {

constexpr std::size_t threads = 4;
constexpr std::size_t names_max = 1024;

using clock = std::chrono::steady_clock;

std::vector<ip_address> look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) {
        return {};
    }
    std::vector<ip_address> v4;
    std::vector<ip_address> v6;
    for (const addrinfo* row = list; row != nullptr; row = row->ai_next) {
        if (row->ai_family == AF_INET) {
            const auto* address = reinterpret_cast<const sockaddr_in*>(row->ai_addr);
            v4.emplace_back(asio::ip::address_v4(ntohl(address->sin_addr.s_addr)));
        } else if (row->ai_family == AF_INET6) {
            const auto* address = reinterpret_cast<const sockaddr_in6*>(row->ai_addr);
            asio::ip::address_v6::bytes_type bytes;
            std::copy(std::begin(address->sin6_addr.s6_addr),
                      std::end(address->sin6_addr.s6_addr),
                      bytes.begin());
            v6.emplace_back(asio::ip::address_v6(bytes, address->sin6_scope_id));
        }
    }
    ::freeaddrinfo(list);
    std::vector<ip_address> both;
    for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
        if (i < v6.size()) {
            both.push_back(v6[i]);
        }
        if (i < v4.size()) {
            both.push_back(v4[i]);
        }
    }
    return both;
}

}  // namespace

struct resolver::lookup::waiting {
    explicit waiting(io_executor e) : executor(e), timer(e) {}
    io_executor executor;
    asio::basic_waitable_timer<clock, asio::wait_traits<clock>, io_executor>
        timer;  // never expires: woken
    addresses found;
    bool done = false;
};

struct resolver::state {
    struct entry {
        addresses known;
        clock::time_point fresh_until{};
        clock::time_point stale_until{};
        bool asking = false;
        std::vector<std::weak_ptr<lookup::waiting>> waiting;
    };
    std::mutex mutex;
    std::unordered_map<std::string, entry> entries;  // guarded by mutex
    asio::thread_pool pool{threads};

    void ask(const std::string& host) {
        asio::post(pool, [this, host] { answer(host, look_up(host)); });
    }

    void answer(const std::string& host, std::vector<ip_address> found) {
        std::vector<std::weak_ptr<lookup::waiting>> waiting;
        addresses result;
        {
            const std::lock_guard lock(mutex);
            entry& e = entries[host];
            const auto now = clock::now();
            e.asking = false;
            if (!found.empty()) {
                e.known = std::make_shared<const std::vector<ip_address>>(std::move(found));
                e.fresh_until = now + keep;
                e.stale_until = now + keep_stale;
            } else {
                e.fresh_until = now + keep_failure;
                if (e.stale_until < now) {
                    e.known = nullptr;
                }
            }
            result = e.known;
            waiting.swap(e.waiting);
        }
        for (const auto& weak : waiting) {
            if (const auto w = weak.lock()) {
                asio::post(w->executor, [w, result] {
                    w->found = result;
                    w->done = true;
                    w->timer.cancel();
                });
            }
        }
    }
};

resolver::resolver() : state_(std::make_unique<state>()) {}

resolver::~resolver() {
    state_->pool.join();
}

resolver::lookup::lookup(resolver& r, io_executor executor)
    : resolver_(r), waiting_(std::make_shared<waiting>(executor)) {}

resolver::lookup::~lookup() = default;

void resolver::lookup::cancel() noexcept {
    waiting_->done = true;
    waiting_->timer.cancel();
}

awaitable<resolver::addresses> resolver::lookup::run(const std::string& host) {
    error_code ec;
    const auto literal = asio::ip::make_address(host, ec);
    if (!ec) {
        co_return std::make_shared<const std::vector<ip_address>>(1, literal);
    }
    {
        state& s = *resolver_.state_;
        const std::lock_guard lock(s.mutex);
        if (s.entries.size() > names_max && !s.entries.contains(host)) {
            std::erase_if(s.entries, [](const auto& row) { return !row.second.asking; });
        }
        auto& e = s.entries[host];
        const auto now = clock::now();
        if (now < e.fresh_until) {
            co_return e.known;
        }
        if (!e.asking) {
            e.asking = true;
            s.ask(host);
        }
        if (e.known && now < e.stale_until) {
            co_return e.known;  // the refresh goes on behind
        }
        e.waiting.push_back(waiting_);
    }
    waiting_->timer.expires_at(clock::time_point::max());
    while (!waiting_->done) {
        co_await waiting_->timer.async_wait(into(ec));
    }
    co_return waiting_->found;
}

}  // namespace gaia::net
