#include "core/store/ledger.hpp"

#include <algorithm>
#include <cassert>
#include <system_error>
#include <utility>

namespace gaia::store {

static_assert(ledger::shard_count == 4, "shard_of() and wake_after() say so too");

namespace {

constexpr std::size_t segment_bytes_min = std::size_t{8} * 1024;

// A segment may end with up to one record's length unused.
std::size_t usable(std::size_t bytes) noexcept {
    return bytes > record_bytes_max ? bytes - record_bytes_max : 0;
}

}  // namespace

ledger::ledger(ledger_options options, std::uint64_t first_number)
    : options_(std::move(options)), next_number_(first_number) {
    options_.segment_bytes = std::max(options_.segment_bytes, segment_bytes_min);
    for (std::size_t i = 0; i < shard_count; ++i) {
        shards_[i].live.push_back(
            std::make_unique<segment>(options_.folder, next_number_++, options_.segment_bytes, i));
        bytes_ += options_.segment_bytes;
    }
}

ledger::~ledger() = default;

void ledger::wake_after(std::uint32_t settles, std::function<void()> wake) {
    const std::scoped_lock guard(
        shards_[0].lock, shards_[1].lock, shards_[2].lock, shards_[3].lock);
    wake_after_ = settles;
    wake_ = std::move(wake);
}

std::size_t ledger::shard_of(request_id id) const noexcept {
    // Ids of a quiet server differ in their upper bits only.
    return static_cast<std::uint64_t>(id.value) * 0x9E3779B97F4A7C15U >> 62U;
}

std::size_t ledger::room(const shard& in) const noexcept {
    return usable(in.live.back()->size() - in.live.back()->tail) +
           in.spare.size() * usable(options_.segment_bytes - segment::header_bytes);
}

bool ledger::add_spare(shard& in, std::size_t index) noexcept {
    const std::size_t bytes = options_.segment_bytes;
    if (bytes_.fetch_add(bytes) + bytes > options_.limit_bytes) {
        bytes_ -= bytes;
        return false;
    }
    try {
        in.spare.push_back(
            std::make_unique<segment>(options_.folder, next_number_.fetch_add(1), bytes, index));
        return true;
    } catch (const std::exception&) {
        // A full disk is the same to the caller as a full ledger.
        bytes_ -= bytes;
        return false;
    }
}

bool ledger::make_room(shard& in, std::size_t index, std::size_t bytes) noexcept {
    while (room(in) < bytes) {
        if (!add_spare(in, index)) {
            return false;
        }
    }
    return true;
}

segment* ledger::segment_for_append(shard& in) noexcept {
    segment* current = in.live.back().get();
    if (current->size() - current->tail >= record_bytes_max) {
        return current;
    }
    if (in.spare.empty()) {
        return nullptr;
    }
    current->sealed = true;
    in.live.push_back(std::move(in.spare.back()));
    in.spare.pop_back();
    return in.live.back().get();
}

bool ledger::begin(const policy::usage_begin& record) noexcept {
    const std::size_t index = shard_of(record.id);
    shard& in = shards_[index];
    const std::lock_guard guard(in.lock);
    // The begin itself, its settle, and all settles promised before.
    if (!make_room(in, index, 2 * record_bytes_max + in.reserved)) {
        ++in.count.refused;
        return false;
    }
    segment* to = segment_for_append(in);
    assert(to != nullptr);
    to->tail += write_begin(to->data() + to->tail, record, record_type::begin, to->number());
    in.reserved += record_bytes_max;
    ++in.count.begun;
    return true;
}

void ledger::settle(const policy::usage_settle& record) noexcept {
    const std::size_t index = shard_of(record.id);
    shard& in = shards_[index];
    const std::lock_guard guard(in.lock);
    in.reserved -= std::min(in.reserved, record_bytes_max);
    segment* to = segment_for_append(in);
    if (to == nullptr && add_spare(in, index)) {
        to = segment_for_append(in);
    }
    if (to == nullptr) {
        ++in.count.lost;
        return;
    }
    to->tail += write_settle(to->data() + to->tail, record, to->number());
    ++in.count.settled;
    if (++in.since_collect == wake_after_ && wake_) {
        wake_();
    }
}

ledger_stats ledger::stats() const {
    ledger_stats sum;
    for (const auto& in : shards_) {
        const std::lock_guard guard(in.lock);
        sum.begun += in.count.begun;
        sum.settled += in.count.settled;
        sum.refused += in.count.refused;
        sum.lost += in.count.lost;
    }
    sum.bytes = bytes_;
    return sum;
}

void ledger::collect(std::vector<live_segment>& out) {
    out.clear();
    for (auto& in : shards_) {
        const std::lock_guard guard(in.lock);
        in.since_collect = 0;
        for (const auto& file : in.live) {
            out.push_back({file.get(), file->tail, file->sealed});
        }
    }
}

bool ledger::carry(const policy::usage_begin& record, std::size_t index) noexcept {
    shard& in = shards_[index];
    const std::lock_guard guard(in.lock);
    if (!make_room(in, index, record_bytes_max + in.reserved)) {
        return false;
    }
    segment* to = segment_for_append(in);
    to->tail += write_begin(to->data() + to->tail, record, record_type::carried, to->number());
    return true;
}

void ledger::release(segment* file) noexcept {
    shard& in = shards_[file->shard()];
    std::unique_ptr<segment> freed;
    bool wanted = false;
    {
        const std::lock_guard guard(in.lock);
        const auto at = std::find_if(
            in.live.begin(), in.live.end(), [&](const auto& owned) { return owned.get() == file; });
        assert(at != in.live.end() && file->sealed);
        freed = std::move(*at);
        in.live.erase(at);
        // Two files to a shard suffice when the writer keeps up; more were a burst's.
        wanted = in.spare.empty() || room(in) < in.reserved + 2 * record_bytes_max;
    }
    if (wanted && freed->use_again(next_number_.fetch_add(1))) {
        const std::lock_guard guard(in.lock);
        in.spare.push_back(std::move(freed));
        return;
    }
    bytes_ -= freed->size();
    freed->remove();
}

void ledger::prepare() noexcept {
    for (std::size_t i = 0; i < shard_count; ++i) {
        shard& in = shards_[i];
        shard made;  // files are made and removed without the lock of the I/O threads
        bool wanted = false;
        {
            const std::lock_guard guard(in.lock);
            const segment& current = *in.live.back();
            wanted = in.spare.empty() && current.tail > current.size() / 2;
            while (in.spare.size() > 1 &&
                   room(in) - usable(options_.segment_bytes - segment::header_bytes) >=
                       in.reserved + 2 * record_bytes_max) {
                made.spare.push_back(std::move(in.spare.back()));
                in.spare.pop_back();
            }
        }
        for (const auto& file : made.spare) {
            bytes_ -= file->size();
            file->remove();
        }
        made.spare.clear();
        if (wanted && add_spare(made, i)) {
            const std::lock_guard guard(in.lock);
            in.spare.push_back(std::move(made.spare.back()));
        }
    }
}

void ledger::remove_all() noexcept {
    for (auto& in : shards_) {
        const std::lock_guard guard(in.lock);
        for (auto* list : {&in.live, &in.spare}) {
            for (const auto& file : *list) {
                file->remove();
            }
        }
    }
}

}  // namespace gaia::store
