#include "core/net/upstream_pool.hpp"

#include <algorithm>

namespace gaia::net {
namespace {

constexpr std::chrono::seconds sweep_period{5};

}  // namespace

std::shared_ptr<asio::ssl::context> client_tls_source::get() {
    const std::lock_guard lock(mutex_);
    if (!context_) {
        context_ = make_client_tls();
    }
    return context_;
}

upstream_pool::upstream_pool(io_executor executor,
                             watchdog& dog,
                             resolver& names,
                             client_tls_source& tls)
    : executor_(executor),
      dog_(dog),
      names_(names),
      tls_(tls),
      sweep_(dog, &upstream_pool::sweep, this) {}

upstream_pool::~upstream_pool() = default;

upstream_pool::shelf* upstream_pool::find(const upstream_target& target) noexcept {
    for (const auto& s : shelves_) {
        if (s->target() == target) {
            return s.get();
        }
    }
    return nullptr;
}

std::unique_ptr<upstream_connection> upstream_pool::take(const upstream_target& target) {
    shelf* const s = find(target);
    while (s != nullptr && !s->idle.empty()) {
        auto connection = std::move(s->idle.back());
        s->idle.pop_back();
        // Anything to read on an idle connection is its end, or an answer to nothing.
        if (connection->link.peek() == transport::peek_result::nothing) {
            connection->reused = true;
            return connection;
        }
    }
    return nullptr;
}

void upstream_pool::put(const upstream_target& target,
                        std::unique_ptr<upstream_connection> connection) {
    shelf* s = find(target);
    if (s == nullptr) {
        auto made = std::make_unique<shelf>(shelf{target.tls,
                                                  target.trusted,
                                                  std::string(target.host),
                                                  target.port,
                                                  std::string(target.proxy_host),
                                                  target.proxy_port,
                                                  {}});
        s = shelves_.emplace_back(std::move(made)).get();
    }
    if (s->idle.size() >= idle_per_target_max) {
        return;
    }
    if (s->idle.empty()) {
        sweep_.arm(sweep_period);
    }
    connection->buffer.reset();
    connection->capacity = connection->begin = connection->end = 0;
    connection->idle_since = watchdog::now();
    s->idle.push_back(std::move(connection));
}

void upstream_pool::clear() noexcept {
    sweep_.disarm();
    shelves_.clear();
}

void upstream_pool::sweep(void* self) {
    auto& pool = *static_cast<upstream_pool*>(self);
    const auto oldest = watchdog::now() - idle_max;
    bool any = false;
    for (const auto& s : pool.shelves_) {
        std::erase_if(s->idle, [oldest](const auto& c) { return c->idle_since < oldest; });
        any = any || !s->idle.empty();
    }
    std::erase_if(pool.shelves_, [](const auto& s) { return s->idle.empty(); });
    if (any) {
        pool.sweep_.arm(sweep_period);
    }
}

}  // namespace gaia::net
