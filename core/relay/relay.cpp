#include "core/relay/relay.hpp"

#include "core/net/io_thread.hpp"
#include "core/relay/request.hpp"

namespace gaia::relay {

bool stream_slots::take(key_id key, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    auto& count = taken_[key.value];
    if (count >= limit) {
        return false;
    }
    ++count;
    return true;
}

void stream_slots::give_back(key_id key) noexcept {
    const std::lock_guard lock(mutex_);
    const auto row = taken_.find(key.value);
    if (row != taken_.end() && --row->second == 0) {
        taken_.erase(row);
    }
}

relay::relay(services around, const settings& how, std::size_t request_body_max, unsigned threads)
    : around_(std::move(around)),
      configuration_(std::make_shared<const configuration>(configuration{how, request_body_max})),
      threads_(threads) {}

void relay::change(const settings& how, std::size_t request_body_max) {
    configuration_.store(
        std::make_shared<const configuration>(configuration{how, request_body_max}));
    configuration_version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const policy::snapshot> relay::snapshot_of(unsigned thread) {
    auto& mine = threads_[thread];
    if (const auto version = around_.snapshots.version();
        mine.version != version || !mine.snapshot) {
        mine.snapshot = around_.snapshots.get();
        mine.version = version;
    }
    return mine.snapshot;
}

std::shared_ptr<const relay::configuration> relay::configuration_of(unsigned thread) {
    auto& mine = threads_[thread];
    const auto version = configuration_version_.load(std::memory_order_acquire);
    if (mine.configuration_version != version) {
        mine.how = configuration_.load();
        mine.configuration_version = version;
    }
    return mine.how;
}

net::awaitable<void> relay::chat_completions(net::exchange& ex) {
    request r(*this, ex, around_.openai_chat, "/chat/completions");
    co_await r.run();
}

}  // namespace gaia::relay
