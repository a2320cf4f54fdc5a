#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/store/database.hpp"
#include "core/store/ledger.hpp"
#include "core/store/names.hpp"
#include "core/store/usage_table.hpp"

namespace gaia::store {

// Moves settled records from the ledger into the database and gives segments back that nothing
// needs any more. Belongs to the writer's thread; blocks on the disk.
class usage_mover {
public:
    usage_mover(database& db, ledger& from);

    struct progress {
        std::size_t rows = 0;
        bool more = false;  // the batch was full: call again
    };
    // One transaction: rows, how far each segment is moved, and (now and then, or when `all`) when
    // each key was last used. Throws database_error; then nothing has changed and the next call
    // tries the same rows again.
    progress pass(bool all);
    // The database cannot be written: keeps the backlog in files and out of memory.
    void wait_out() noexcept;
    // Brings what only the ledger holds to the disk.
    void sync() noexcept;

    std::uint64_t moved_rows() const noexcept { return moved_rows_; }
    std::size_t open_requests() const noexcept { return open_.size(); }

private:
    struct pending {
        std::int64_t id;
        const char* at;
    };

    void track();
    bool gather();
    void write(bool keys);
    void give_back();
    void carry_from(segment& file);

    database& db_;
    ledger& from_;
    names names_;
    usage_table table_;
    statement checkpoint_;
    statement forget_checkpoint_;
    statement key_used_;
    std::vector<ledger::live_segment> live_;
    std::vector<std::size_t> target_;  // beside live_: where `moved` will be after the batch
    std::vector<pending> batch_;
    std::vector<std::uint64_t> forgotten_;  // segments whose checkpoint is to be deleted
    boost::unordered_flat_map<std::int64_t, segment*> open_;      // begun, not settled: where
    boost::unordered_flat_map<std::int64_t, std::int64_t> used_;  // key: when
    std::uint64_t moved_rows_ = 0;
    std::uint32_t passes_ = 0;
};

}  // namespace gaia::store
