#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/policy/usage_ledger.hpp"
#include "core/store/ledger_segment.hpp"

namespace gaia::store {

struct ledger_options {
    std::string folder;                                       // made by the caller
    std::size_t segment_bytes = std::size_t{128} * 1024;      // at least 8 KiB
    std::size_t limit_bytes = std::size_t{64} * 1024 * 1024;  // of all files together
};

struct ledger_stats {
    std::uint64_t begun = 0;
    std::uint64_t settled = 0;
    std::uint64_t refused = 0;  // begins, because the ledger was full
    std::uint64_t lost = 0;  // settles of requests that were never begun, with no room left: a bug
    std::size_t bytes = 0;   // of all files
};

// Makes each admitted request durable against the death of the process before anything is sent for
// it. begin() and settle() copy a record into mapped memory under a lock of their shard, which is
// held for a few hundred nanoseconds; only when a burst outruns the writer does begin() allocate a
// file itself. A request's begin and settle are in the same shard, in this order. The space of a
// settle is set aside at its begin, so that a settle always fits.
class ledger final : public policy::usage_ledger {
public:
    static constexpr std::size_t shard_count = 4;

    // Throws std::system_error when the first segments cannot be made. Segment numbers start at
    // `first_number` and only rise.
    ledger(ledger_options options, std::uint64_t first_number);
    // The files stay: what is in them belongs to the next start.
    ~ledger() override;

    bool begin(const policy::usage_begin& record) noexcept override;
    void settle(const policy::usage_settle& record) noexcept override;

    ledger_stats stats() const;
    std::size_t limit_bytes() const noexcept { return options_.limit_bytes; }
    // Called (from an I/O thread, under a shard's lock: set a flag and return) when a shard has
    // gathered `settles` since the last collect().
    void wake_after(std::uint32_t settles, std::function<void()> wake);

    // What follows is the mover's, from one thread.
    struct live_segment {
        segment* file = nullptr;  // good until release()
        std::size_t tail = 0;
        bool sealed = false;
    };
    // All segments with records, each shard's in order. Clears `out` first.
    void collect(std::vector<live_segment>& out);
    // Appends a copy of a begin to its shard. False: no room.
    bool carry(const policy::usage_begin& record, std::size_t shard) noexcept;
    // The segment is sealed and nothing in it is needed: used again, or removed.
    void release(segment* file) noexcept;
    // Allocates ahead so that begin() need not.
    void prepare() noexcept;
    // Everything is in the database and nothing is open: removes all files. Nothing may follow.
    void remove_all() noexcept;

private:
    struct alignas(64) shard {
        mutable std::mutex lock;
        std::vector<std::unique_ptr<segment>> live;  // the last one is appended to
        std::vector<std::unique_ptr<segment>> spare;
        std::size_t reserved = 0;  // bytes promised to settles
        std::uint32_t since_collect = 0;
        ledger_stats count;
    };

    std::size_t shard_of(request_id id) const noexcept;
    std::size_t room(const shard& in) const noexcept;
    bool make_room(shard& in, std::size_t index, std::size_t bytes) noexcept;
    bool add_spare(shard& in, std::size_t index) noexcept;
    segment* segment_for_append(shard& in) noexcept;

    ledger_options options_;
    std::array<shard, shard_count> shards_;
    std::atomic<std::uint64_t> next_number_;
    std::atomic<std::size_t> bytes_{0};
    std::uint32_t wake_after_ = 0;
    std::function<void()> wake_;
};

}  // namespace gaia::store
