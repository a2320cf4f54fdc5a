#include "core/store/writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "core/base/log.hpp"

namespace gaia::store {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t settles_that_wake = 512;  // in one shard
constexpr int log_pages_max = 1000;               // 4 MiB of write-ahead log, then a checkpoint
constexpr milliseconds idle_wait{100};
constexpr milliseconds retry_wait{200};
constexpr std::chrono::seconds between_complaints{10};
constexpr milliseconds last_flush_patience{5000};

failure explain(const database_error& error) {
    failure why = fail_detail(errc::overloaded, error.what());
    if (error.constraint()) {
        why.what = errc::conflict;
        return why;
    }
    why.retry_after = std::chrono::seconds(5);
    if (error.full()) {
        why.status = 507;
    } else if (!error.busy()) {
        why = fail_detail(errc::internal, error.what());
    }
    return why;
}

}  // namespace

writer::writer(database db, ledger& from, writer_options options)
    : db_(std::move(db)), ledger_(from), mover_(db_, from), options_(options) {
    ledger_.wake_after(settles_that_wake, [this] {
        // Without the lock: it is taken while a shard's is held. A lost wake-up costs one linger.
        pressed_.store(true, std::memory_order_relaxed);
        wake_.notify_one();
    });
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "store-writer");
        work();
    });
}

writer::~writer() {
    stop();
}

void writer::submit(std::unique_ptr<task> work_item) {
    work_item->deadline = steady::now() + options_.task_patience;
    {
        const std::lock_guard guard(lock_);
        if (!stopping_) {
            tasks_.push_back(std::move(work_item));
            wake_.notify_one();
            return;
        }
    }
    work_item->give_up(fail(errc::draining));
}

bool writer::flush(milliseconds limit) {
    std::unique_lock guard(lock_);
    if (stopping_) {
        return false;
    }
    const std::uint64_t mine = ++flush_asked_;
    wake_.notify_one();
    return flushed_.wait_for(guard, limit, [&] { return flush_done_ >= mine; });
}

void writer::stop() {
    {
        const std::lock_guard guard(lock_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
        ledger_.wake_after(0, nullptr);
    }
}

writer_stats writer::stats() const {
    const std::lock_guard guard(lock_);
    return stats_;
}

void writer::work() {
    auto next_move = steady::now();
    auto next_sync = steady::now() + options_.sync;
    auto last_flush_until = steady::time_point::max();
    for (;;) {
        std::uint64_t asked = 0;
        bool stopping = false;
        {
            std::unique_lock guard(lock_);
            wake_.wait_until(guard, next_move, [&] {
                return stopping_ || pressed_ || flush_asked_ != flush_done_ || !tasks_.empty();
            });
            asked = flush_asked_;
            stopping = stopping_;
        }
        run_tasks();
        const auto now = steady::now();
        const bool all = stopping || asked != flush_done_;
        if (!all && !pressed_ && now < next_move) {
            continue;
        }
        pressed_ = false;
        const auto written = mover_.moved_rows();
        const bool moved = move_usage(all);
        next_move = steady::now() + (!moved                           ? retry_wait
                                     : mover_.moved_rows() == written ? idle_wait
                                                                      : options_.linger);
        if (now >= next_sync) {
            mover_.sync();
            next_sync = now + options_.sync;
        }
        if (moved && all) {
            const std::lock_guard guard(lock_);
            flush_done_ = asked;
            flushed_.notify_all();
        }
        if (stopping) {
            last_flush_until = std::min(last_flush_until, now + last_flush_patience);
            const std::lock_guard guard(lock_);
            if ((moved && tasks_.empty()) || now >= last_flush_until) {
                break;
            }
        }
        if (!moved) {  // a flush that waits must not make this loop spin
            std::unique_lock guard(lock_);
            wake_.wait_for(
                guard, retry_wait, [&] { return !tasks_.empty() || stopping_ != stopping; });
        }
    }
    give_up_all();
    const auto left = ledger_.stats();
    if (mover_.open_requests() == 0 && mover_.moved_rows() == left.settled) {
        ledger_.remove_all();
    }
}

void writer::run_tasks() {
    std::deque<std::unique_ptr<task>> mine;
    {
        const std::lock_guard guard(lock_);
        mine.swap(tasks_);
    }
    while (!mine.empty()) {
        auto next = std::move(mine.front());
        mine.pop_front();
        run_one(std::move(next));
    }
}

void writer::give_up_all() {
    std::deque<std::unique_ptr<task>> left;
    {
        const std::lock_guard guard(lock_);
        left.swap(tasks_);
    }
    for (const auto& work_item : left) {
        work_item->give_up(fail(errc::draining));
    }
}

void writer::run_one(std::unique_ptr<task> next) {
    try {
        transaction change(
            db_, next->how == access::write ? transaction::kind::write : transaction::kind::read);
        if (next->attempt(db_)) {
            change.commit();
        }
    } catch (const database_error& error) {
        if (error.busy() && steady::now() < next->deadline) {
            const std::lock_guard guard(lock_);
            tasks_.push_back(std::move(next));
            return;
        }
        next->give_up(explain(error));
        return;
    } catch (const std::exception& error) {
        next->give_up(fail_detail(errc::internal, error.what()));
        return;
    }
    next->finish();
}

bool writer::move_usage(bool all) {
    try {
        const auto started = steady::now();
        bool more = true;
        std::size_t rows = 0;
        while (more) {
            const auto made = mover_.pass(all);
            more = made.more;
            rows += made.rows;
        }
        if (rows > 0 && db_.log_pages() >= log_pages_max) {
            db_.checkpoint();
        }
        const std::lock_guard guard(lock_);
        stats_.rows_written = mover_.moved_rows();
        stats_.open_requests = mover_.open_requests();
        stats_.failing = false;
        if (rows > 0) {
            stats_.last_commit_us =
                std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - started)
                    .count();
        }
        return true;
    } catch (const database_error& error) {
        note_failure(error);
        if (error.full()) {
            // What is in the write-ahead log goes into the file, and the log's space can be written
            // again. ignored: when there is no room for that either, the next try comes soon.
            db_.checkpoint();
        }
    } catch (const std::exception& error) {
        note_failure(error);
    }
    mover_.wait_out();
    return false;
}

void writer::note_failure(const std::exception& error) noexcept {
    const auto now = steady::now();
    {
        const std::lock_guard guard(lock_);
        ++stats_.write_errors;
        stats_.failing = true;
        if (now - last_complaint_ < between_complaints && last_complaint_ != steady::time_point{}) {
            return;
        }
        last_complaint_ = now;
    }
    log::error("usage cannot be written to the database; it stays in the ledger and is tried again",
               {{"reason", error.what()}});
}

}  // namespace gaia::store
