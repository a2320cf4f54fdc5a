#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/chat/dialect.hpp"
#include "core/net/exchange.hpp"
#include "core/policy/snapshot.hpp"
#include "core/policy/usage_ledger.hpp"
#include "core/relay/settings.hpp"
#include "core/relay/upstream_call.hpp"

// One relayed request from its head to its settlement.
namespace gaia::relay {

// What a finished request tells those who watch (metrics). Views are good during the call only.
struct outcome {
    unsigned thread = 0;
    policy::usage_settle row;
    std::string_view endpoint;
    std::string_view method;
};

// What the relay needs of the rest of the process. All must outlive it.
struct services {
    const policy::snapshot_cell& snapshots;
    policy::usage_ledger& ledger;
    const chat::dialect& openai_chat;
    builtin_call_maker make_builtin;
    std::function<void(const outcome&)> finished;
    // An upstream's failure that was met on the way (an attempt, retried or not).
    std::function<void(unsigned thread, std::string_view provider, errc what)> upstream_error;
};

// Streams under way by key, for the limit on them. Any thread.
class stream_slots {
public:
    bool take(key_id key, std::size_t limit);
    void give_back(key_id key) noexcept;

private:
    std::mutex mutex_;
    std::unordered_map<std::int64_t, std::size_t> taken_;  // guarded by mutex_
};

class relay {
public:
    relay(services around, const settings& how, std::size_t request_body_max, unsigned threads);

    // POST /v1/chat/completions
    net::awaitable<void> chat_completions(net::exchange& ex);

    // The current snapshot, from this thread's copy of the pointer.
    std::shared_ptr<const policy::snapshot> snapshot_of(unsigned thread);
    void change(const settings& how, std::size_t request_body_max);

    std::int64_t active_streams() const noexcept {
        return active_streams_.load(std::memory_order_relaxed);
    }
    std::int64_t active_requests() const noexcept {
        return active_requests_.load(std::memory_order_relaxed);
    }

private:
    friend class request;
    struct configuration {
        settings how;
        std::size_t request_body_max;
    };
    struct per_thread {
        std::uint64_t version = 0;
        std::shared_ptr<const policy::snapshot> snapshot;
        std::uint64_t configuration_version = 0;
        std::shared_ptr<const configuration> how;
    };
    std::shared_ptr<const configuration> configuration_of(unsigned thread);

    services around_;
    std::atomic<std::shared_ptr<const configuration>> configuration_;
    std::atomic<std::uint64_t> configuration_version_{1};
    std::vector<per_thread> threads_;  // each element is its own thread's
    stream_slots slots_;
    std::atomic<std::int64_t> active_streams_{0};
    std::atomic<std::int64_t> active_requests_{0};
};

}  // namespace gaia::relay
