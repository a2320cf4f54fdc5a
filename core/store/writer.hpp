#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/store/database.hpp"
#include "core/store/ledger.hpp"
#include "core/store/usage_mover.hpp"

namespace gaia::store {

enum class access : std::uint8_t { read, write };

struct writer_options {
    std::chrono::milliseconds linger{25};           // how long settled rows gather before a commit
    std::chrono::milliseconds sync{1000};           // how often the ledger itself goes to the disk
    std::chrono::milliseconds task_patience{5000};  // how long a task waits for a locked database
};

struct writer_stats {
    std::uint64_t rows_written = 0;
    std::uint64_t write_errors = 0;  // passes that failed: locked, full or broken
    std::uint64_t open_requests = 0;
    std::int64_t last_commit_us = 0;
    bool failing = false;  // the last pass failed
};

// The one thread that writes: it owns the one writing connection, moves the ledger into it in
// batches, and runs the administration's tasks in between, each in a transaction of its own.
class writer {
public:
    // One unit of work. attempt() may run several times: a locked database is tried again until
    // `patience` is over. finish() or give_up() is called once, on the writer's thread.
    class task {
    public:
        virtual ~task() = default;
        virtual bool attempt(database& db) = 0;  // true: commit. Throws database_error.
        virtual void finish() = 0;               // after the commit, or after attempt() said false
        virtual void give_up(failure why) = 0;
        access how = access::write;
        steady::time_point deadline;
    };

    writer(database db, ledger& from, writer_options options);
    ~writer();  // stop()

    void submit(std::unique_ptr<task> work);
    // Everything settled before the call is in the database when this returns true. Blocks.
    bool flush(std::chrono::milliseconds limit);
    // Flushes once more, finishes the tasks that were submitted and joins the thread. Removes the
    // ledger's files when nothing is left in them.
    void stop();
    writer_stats stats() const;

private:
    void work();
    void run_tasks();
    void give_up_all();
    void run_one(std::unique_ptr<task> next);
    bool move_usage(bool all);
    void note_failure(const std::exception& error) noexcept;

    database db_;
    ledger& ledger_;
    usage_mover mover_;
    writer_options options_;

    mutable std::mutex lock_;
    std::condition_variable wake_;
    std::condition_variable flushed_;
    std::deque<std::unique_ptr<task>> tasks_;
    std::uint64_t flush_asked_ = 0;
    std::uint64_t flush_done_ = 0;
    std::atomic<bool> pressed_{false};
    bool stopping_ = false;
    writer_stats stats_;
    steady::time_point last_complaint_{};
    std::thread thread_;
};

}  // namespace gaia::store
