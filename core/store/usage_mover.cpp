#include "core/store/usage_mover.hpp"

#include <algorithm>

namespace gaia::store {
namespace {

// Bounds the time that a batch keeps the writer from other work, and the log it writes.
constexpr std::size_t batch_rows_max = 10'000;
// Keys' last use need not be exact to the second.
constexpr std::uint32_t passes_between_key_updates = 64;

}  // namespace

usage_mover::usage_mover(database& db, ledger& from)
    : db_(db),
      from_(from),
      names_(db),
      table_(db, names_),
      checkpoint_(db.prepare_kept("INSERT INTO ledger_checkpoints (segment, moved) VALUES (?1, ?2)"
                                  " ON CONFLICT (segment) DO UPDATE SET moved = ?2")),
      forget_checkpoint_(db.prepare_kept("DELETE FROM ledger_checkpoints WHERE segment = ?1")),
      key_used_(
          db.prepare_kept("UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, 0), ?2)"
                          " WHERE id = ?1")) {}

usage_mover::progress usage_mover::pass(bool all) {
    from_.collect(live_);
    track();
    progress made;
    made.more = gather();
    made.rows = batch_.size();
    const bool keys = all || ++passes_ % passes_between_key_updates == 0;
    if (!batch_.empty() || !forgotten_.empty() || (keys && !used_.empty())) {
        try {
            write(keys);
        } catch (...) {
            names_.forget();
            throw;
        }
        moved_rows_ += made.rows;
    }
    for (std::size_t i = 0; i < live_.size(); ++i) {
        live_[i].file->moved = target_[i];
    }
    give_back();
    from_.prepare();
    return made;
}

// Keeps the account of which segments hold begins that are not settled.
void usage_mover::track() {
    for (const auto& live : live_) {
        segment& file = *live.file;
        while (file.tracked < live.tail) {
            const record next = trusted_record(file.data() + file.tracked);
            file.tracked += next.bytes.size();
            if (next.type == record_type::begin) {
                if (open_.emplace(next.id(), &file).second) {
                    ++file.open;
                }
                continue;
            }
            const auto at = open_.find(next.id());
            if (at == open_.end()) {
                continue;  // carried after it was settled, or settled without a begin
            }
            --at->second->open;
            if (next.type == record_type::carried) {
                at->second = &file;
                ++file.open;
            } else {
                open_.erase(at);
            }
        }
    }
}

bool usage_mover::gather() {
    batch_.clear();
    target_.clear();
    for (const auto& live : live_) {
        const segment& file = *live.file;
        std::size_t at = file.moved;
        while (at < live.tail && batch_.size() < batch_rows_max) {
            const char* here = live.file->data() + at;
            const record next = trusted_record(here);
            if (next.type == record_type::settle) {
                batch_.push_back({next.id(), here});
            }
            at += next.bytes.size();
        }
        target_.push_back(at);
    }
    // In the order of the table, so that each of its pages is visited once.
    std::sort(
        batch_.begin(), batch_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return batch_.size() >= batch_rows_max;
}

void usage_mover::write(bool keys) {
    transaction change(db_, transaction::kind::write);
    for (const auto& row : batch_) {
        const settled_row settled = decode_settle(trusted_record(row.at));
        table_.insert(settled);
        auto& used = used_[settled.values.key.value];
        used = std::max(used, settled.values.started.value);
    }
    for (std::size_t i = 0; i < live_.size(); ++i) {
        const segment& file = *live_[i].file;
        if (target_[i] != file.moved) {
            checkpoint_.bind(1, static_cast<std::int64_t>(file.number()))
                .bind(2, static_cast<std::int64_t>(target_[i]))
                .run();
        }
    }
    for (const auto number : forgotten_) {
        forget_checkpoint_.bind(1, static_cast<std::int64_t>(number)).run();
    }
    if (keys) {
        for (const auto& [key, when] : used_) {
            key_used_.bind(1, key).bind(2, when).run();
        }
    }
    change.commit();
    forgotten_.clear();
    if (keys) {
        used_.clear();
    }
}

void usage_mover::give_back() {
    const bool scarce = from_.stats().bytes > from_.limit_bytes() / 2;
    bool carried = false;
    for (const auto& live : live_) {
        segment& file = *live.file;
        if (!live.sealed || file.moved < live.tail) {
            continue;
        }
        if (file.open == 0) {
            forgotten_.push_back(file.number());
            from_.release(&file);
        } else if (scarce && !carried) {
            // One in each pass: the oldest, as live_ is in order within a shard.
            carry_from(file);
            carried = true;
        } else {
            file.drop_from_memory();
        }
    }
}

// Copies the begins that are still open into the current segment. The account follows when the
// copies are tracked, and then this segment has nothing open.
void usage_mover::carry_from(segment& file) {
    for (std::size_t at = segment::header_bytes; at < file.tracked;) {
        const record next = trusted_record(file.data() + at);
        at += next.bytes.size();
        const auto open = open_.find(next.id());
        if (next.type != record_type::settle && open != open_.end() && open->second == &file &&
            !from_.carry(decode_begin(next), file.shard())) {
            return;
        }
    }
}

void usage_mover::wait_out() noexcept {
    for (const auto& live : live_) {
        if (live.sealed) {
            live.file->drop_from_memory();
            live.file->dropped = false;  // reading it at the next try brings it back
        }
    }
}

void usage_mover::sync() noexcept {
    from_.collect(live_);
    for (const auto& live : live_) {
        if (live.tail > live.file->synced && (!open_.empty() || live.file->moved < live.tail)) {
            live.file->sync(live.tail);
        }
    }
}

}  // namespace gaia::store
