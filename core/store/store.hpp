#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/policy/key.hpp"
#include "core/policy/usage_ledger.hpp"
#include "core/store/accounts.hpp"
#include "core/store/data_folder.hpp"
#include "core/store/database.hpp"
#include "core/store/keys.hpp"
#include "core/store/providers.hpp"
#include "core/store/recovery.hpp"
#include "core/store/vault.hpp"
#include "core/store/writer.hpp"

namespace gaia::store {

struct store_options {
    std::string master_key;  // GAIAROUTER_MASTER_KEY; empty: the file master.key in the data folder
    std::size_t ledger_segment_bytes = std::size_t{128} * 1024;
    std::size_t ledger_limit_bytes = std::size_t{64} * 1024 * 1024;
    writer_options writer;
};

struct store_stats {
    std::uint64_t pending_rows = 0;   // settled, not yet in the database
    std::uint64_t open_requests = 0;  // begun, not settled
    std::uint64_t ledger_bytes = 0;
    std::uint64_t rows_written = 0;
    std::uint64_t write_errors = 0;
    std::uint64_t refused_begins = 0;  // the ledger was full
    std::int64_t last_commit_us = 0;
    bool failing = false;  // the last attempt to write usage failed
};

// Everything the gateway keeps: one data folder with the database, the ledger and the master key.
// The asynchronous face of this layer; its operations are the free functions of keys.hpp,
// accounts.hpp and providers.hpp, given as `[](database& db) { return list_keys(db); }`.
//
// Any thread may call. Lifetime: stop() or the destructor finishes what was submitted; it must come
// after the last settle() and before the io_contexts that run() was called on end.
class store {
public:
    using executor = boost::asio::io_context::executor_type;
    template <class T>
    using awaitable = boost::asio::awaitable<T, executor>;
    // May run more than once (a locked database is tried again), so it owns what it uses and
    // changes nothing but the database. A failure rolls back.
    template <class T>
    using operation = std::function<result<T>(database&)>;

    // Checks the database, migrates it, checks the master key, recovers what the last process left,
    // starts the writer. Blocks. A failure's message is a sentence for the operator; until the
    // checks have passed nothing was changed.
    static result<std::unique_ptr<store>> open(data_folder folder, store_options options);
    ~store();
    store(const store&) = delete;
    store& operator=(const store&) = delete;

    policy::usage_ledger& usage() noexcept;
    const vault& keys_vault() const noexcept { return vault_; }
    const recovery_report& recovered() const noexcept { return recovered_; }
    store_stats stats() const;
    const std::string& folder() const noexcept { return folder_.path(); }
    std::string database_path() const { return folder_.file("gaiarouter.db"); }

    // All keys, for the snapshot. Blocks.
    result<std::vector<policy::key_record>> load_keys();

    // On the writer's thread; `done` is called there too and must not block.
    template <class T>
    void submit(access how, operation<T> what, std::function<void(result<T>)> done);
    // Blocks: for the command line and the start. Never on an I/O thread.
    template <class T>
    result<T> call(access how, operation<T> what);
    // Resumes on the caller's executor.
    template <class T>
    awaitable<result<T>> run(access how, operation<T> what);

    // Everything settled before the call is in the database when this returns true. Blocks.
    bool flush(std::chrono::milliseconds limit);
    void stop();

private:
    template <class T>
    class operation_task;

    store(data_folder folder,
          vault keys,
          recovery_report recovered,
          database db,
          const store_options& options);
    void submit_task(std::unique_ptr<writer::task> work);

    data_folder folder_;
    vault vault_;
    recovery_report recovered_;
    std::unique_ptr<ledger> ledger_;
    std::unique_ptr<writer> writer_;
};

template <class T>
class store::operation_task final : public writer::task {
public:
    operation_task(access kind, operation<T> what, std::function<void(result<T>)> done)
        : what_(std::move(what)), done_(std::move(done)) {
        how = kind;
    }
    bool attempt(database& db) override {
        outcome_.emplace(what_(db));
        return outcome_->has_value();
    }
    void finish() override { done_(*std::move(outcome_)); }
    void give_up(failure why) override { done_(result<T>(std::move(why))); }

private:
    operation<T> what_;
    std::function<void(result<T>)> done_;
    std::optional<result<T>> outcome_;
};

template <class T>
void store::submit(access how, operation<T> what, std::function<void(result<T>)> done) {
    submit_task(std::make_unique<operation_task<T>>(how, std::move(what), std::move(done)));
}

template <class T>
result<T> store::call(access how, operation<T> what) {
    auto promise = std::make_shared<std::promise<result<T>>>();
    auto answer = promise->get_future();
    submit<T>(how, std::move(what), [promise](result<T> r) { promise->set_value(std::move(r)); });
    return answer.get();
}

template <class T>
store::awaitable<result<T>> store::run(access how, operation<T> what) {
    using token = boost::asio::use_awaitable_t<executor>;
    auto start = [this](auto handler, access kind, operation<T> work) {
        auto home = boost::asio::get_associated_executor(handler);
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        auto guard = boost::asio::make_work_guard(home);
        this->template submit<T>(kind, std::move(work), [waiting, guard, home](result<T> r) {
            boost::asio::post(home, [waiting, guard, answer = std::move(r)]() mutable {
                (*std::move(waiting))(std::move(answer));
            });
        });
    };
    co_return co_await boost::asio::async_initiate<const token, void(result<T>)>(
        std::move(start), token(), how, std::move(what));
}

}  // namespace gaia::store
