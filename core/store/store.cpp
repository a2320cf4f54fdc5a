#include "core/store/store.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <exception>
#include <filesystem>

#include "core/base/log.hpp"
#include "core/store/migrations.hpp"

namespace gaia::store {
namespace {

constexpr std::string_view database_name = "gaiarouter.db";

failure refuse(const std::string& why) {
    return fail(errc::internal, why);
}

// Reads only: whatever is wrong, the files stay as they are. Returns whether the database was used
// with a master key before.
bool check_existing(const std::string& path, int newest_version) {
    if (!std::filesystem::exists(path) || std::filesystem::file_size(path) == 0) {
        return false;
    }
    try {
        database db(path, open_mode::read_only);
        check_before_use(db, newest_version);
        return has_vault_check(db);
    } catch (const database_error& error) {
        if (error.damaged()) {
            throw std::runtime_error(fmt::format(
                "The database is damaged: {}. Restore it from a backup.", error.what()));
        }
        throw;
    }
}

void check_master_key(const std::string& path, const vault& keys) {
    database db(path, open_mode::read_only);
    verify_vault(db, keys);
}

void report(const recovery_report& found) {
    if (found.segments == 0) {
        return;
    }
    log::info("recovered the usage ledger of the last run",
              {{"settled", found.settled},
               {"interrupted", found.interrupted},
               {"damaged", found.damaged}});
}

}  // namespace

result<std::unique_ptr<store>> store::open(data_folder folder, store_options options) {
    const std::string path = folder.file(database_name);
    const std::string ledger_folder = folder.file("ledger");
    try {
        const auto migrations = embedded_migrations();
        const bool sealed_before = check_existing(path, static_cast<int>(migrations.size()));
        vault keys(load_master_key(options.master_key, folder.file("master.key"), !sealed_before));
        if (sealed_before) {
            check_master_key(path, keys);
        }
        database db(path, open_mode::read_write);
        migrate(db, migrations);
        remember_vault(db, keys);
        std::filesystem::create_directories(ledger_folder);
        if (::chmod(ledger_folder.c_str(), 0700) != 0) {
            return refuse(fmt::format("The folder {} cannot be made private.", ledger_folder));
        }
        const auto recovered = recover(db, ledger_folder);
        report(recovered);
        return std::unique_ptr<store>(
            new store(std::move(folder), std::move(keys), recovered, std::move(db), options));
    } catch (const database_error& error) {
        return refuse(error.busy()
                          ? fmt::format("The database {} is locked by another program.", path)
                          : fmt::format("The database {} cannot be used: {}.", path, error.what()));
    } catch (const std::exception& error) {
        return refuse(error.what());
    }
}

store::store(data_folder folder,
             vault keys,
             recovery_report recovered,
             database db,
             const store_options& options)
    : folder_(std::move(folder)), vault_(std::move(keys)), recovered_(recovered) {
    ledger_options how;
    how.folder = folder_.file("ledger");
    how.segment_bytes = options.ledger_segment_bytes;
    how.limit_bytes = options.ledger_limit_bytes;
    ledger_ = std::make_unique<ledger>(how, recovered.next_number);
    writer_ = std::make_unique<writer>(std::move(db), *ledger_, options.writer);
}

store::~store() {
    stop();
}

policy::usage_ledger& store::usage() noexcept {
    return *ledger_;
}

store_stats store::stats() const {
    const auto written = writer_->stats();
    const auto recorded = ledger_->stats();
    store_stats sum;
    sum.pending_rows = recorded.settled - std::min(recorded.settled, written.rows_written);
    sum.open_requests = recorded.begun - std::min(recorded.begun, recorded.settled);
    sum.ledger_bytes = recorded.bytes;
    sum.rows_written = written.rows_written;
    sum.write_errors = written.write_errors;
    sum.refused_begins = recorded.refused;
    sum.last_commit_us = written.last_commit_us;
    sum.failing = written.failing;
    return sum;
}

result<std::vector<policy::key_record>> store::load_keys() {
    return call<std::vector<policy::key_record>>(access::read,
                                                 [](database& db) { return list_keys(db); });
}

void store::submit_task(std::unique_ptr<writer::task> work) {
    writer_->submit(std::move(work));
}

bool store::flush(std::chrono::milliseconds limit) {
    return writer_->flush(limit);
}

void store::stop() {
    writer_->stop();
}

}  // namespace gaia::store
