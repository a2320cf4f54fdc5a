#include "core/store/store.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "core/store/passwords.hpp"
#include "tests/unit/core/store/ledger_fixture.hpp"

using namespace gaia::store;
using namespace gaia::testing;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<store> open_store(const std::string& path, const std::string& master_key = {}) {
    auto folder = data_folder::open(path);
    REQUIRE(folder.has_value());
    store_options how;
    how.master_key = master_key;
    how.writer.linger = 1ms;
    auto opened = store::open(*std::move(folder), how);
    if (!opened) {
        FAIL(opened.error().message);
    }
    return *std::move(opened);
}

std::string refusal(const std::string& path, const std::string& master_key = {}) {
    auto folder = data_folder::open(path);
    REQUIRE(folder.has_value());
    store_options how;
    how.master_key = master_key;
    auto opened = store::open(*std::move(folder), how);
    REQUIRE_FALSE(opened.has_value());
    return opened.error().message;
}

std::int64_t rows(store& at, const std::string& where = "1") {
    return *at.call<std::int64_t>(
        access::read, [where](database& db) -> gaia::result<std::int64_t> {
            return db.query_integer("SELECT count(*) FROM usage_rows WHERE " + where);
        });
}

}  // namespace

TEST_CASE("store: what was settled is in the database after a flush and after a restart",
          "[store]") {
    temporary_folder home;
    {
        auto opened = open_store(home.path());
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (std::int64_t i = 0; i < 2000; ++i) {
                    const std::int64_t id = 1 + i * 4 + t;
                    if (opened->usage().begin(begin_of(id))) {
                        opened->usage().settle(settle_of(id));
                    }
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        REQUIRE(opened->flush(10s));
        CHECK(rows(*opened) == 8000);
        const auto now = opened->stats();
        CHECK(now.pending_rows == 0);
        CHECK(now.open_requests == 0);
        CHECK(now.rows_written == 8000);
        CHECK(now.write_errors == 0);
        REQUIRE(opened->usage().begin(begin_of(9001)));
    }
    auto again = open_store(home.path());
    CHECK(again->recovered().interrupted == 1);
    CHECK(rows(*again) == 8001);
    CHECK(rows(*again, "state = 'interrupted'") == 1);
    again->stop();
    CHECK(list_segments(home.file("ledger")).empty());
}

TEST_CASE("store: operations commit, fail and roll back as one", "[store]") {
    temporary_folder home;
    auto opened = open_store(home.path());
    const auto made = opened->call<created_key>(access::write, [](database& db) {
        new_key wanted;
        wanted.name = "k";
        return create_key(db, wanted, {1});
    });
    REQUIRE(made.has_value());
    CHECK(opened->load_keys()->size() == 1);
    const auto failed = opened->call<int>(access::write, [](database& db) -> gaia::result<int> {
        db.execute("DELETE FROM api_keys");
        return gaia::fail(gaia::errc::validation_failed);
    });
    CHECK(failed.error().what == gaia::errc::validation_failed);
    CHECK(opened->load_keys()->size() == 1);
    const auto twice = opened->call<int>(access::write, [](database& db) -> gaia::result<int> {
        db.execute("INSERT INTO organizations VALUES (1, 'again', 1, 1)");
        return 1;
    });
    CHECK(twice.error().what == gaia::errc::conflict);
    const auto thrown = opened->call<int>(
        access::read, [](database&) -> gaia::result<int> { throw std::runtime_error("private"); });
    CHECK(thrown.error().what == gaia::errc::internal);
    CHECK(thrown.error().text().find("private") == std::string_view::npos);
    opened->stop();
    CHECK(opened->load_keys().error().what == gaia::errc::draining);
}

TEST_CASE("store: a locked database delays rows and refuses writes, and loses nothing", "[store]") {
    temporary_folder home;
    auto folder = data_folder::open(home.path());
    store_options how;
    how.writer.linger = 1ms;
    how.writer.task_patience = 0ms;
    auto opened = *store::open(*std::move(folder), how);
    {
        database other(opened->database_path(), open_mode::read_write);
        transaction holds(other, transaction::kind::write);
        REQUIRE(opened->usage().begin(begin_of(1)));
        opened->usage().settle(settle_of(1));
        CHECK_FALSE(opened->flush(1ms));
        const auto refused =
            opened->call<int>(access::write, [](database&) -> gaia::result<int> { return 1; });
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().http_status() == 503);
        CHECK(refused.error().retry_after.has_value());
        CHECK(opened->load_keys().has_value());  // readers are not concerned
    }
    REQUIRE(opened->flush(10s));
    CHECK(rows(*opened) == 1);
}

TEST_CASE("store: refuses what it must not touch", "[store]") {
    temporary_folder home;
    open_store(home.path())->stop();
    const std::string db = home.file("gaiarouter.db");

    SECTION("another master key") {
        CHECK(refusal(home.path(), std::string(64, 'a')).find("master key is not the one") !=
              std::string::npos);
    }
    SECTION("a missing master key") {
        std::filesystem::rename(home.file("master.key"), home.file("elsewhere"));
        CHECK(refusal(home.path()).find("is missing") != std::string::npos);
        CHECK_FALSE(std::filesystem::exists(home.file("master.key")));
    }
    SECTION("a newer schema") {
        database(db, open_mode::read_write).execute("PRAGMA user_version = 1000");
        CHECK(refusal(home.path()).find("newer gaiarouter") != std::string::npos);
    }
    SECTION("no database at all") {
        std::filesystem::remove(db + "-wal");
        std::filesystem::remove(db + "-shm");
        spill(db, std::string(5000, 'x'));
        CHECK(refusal(home.path()).find("damaged") != std::string::npos);
        CHECK(slurp(db) == std::string(5000, 'x'));
    }
}

TEST_CASE("store: the master key may come from the environment", "[store]") {
    temporary_folder home;
    open_store(home.path(), std::string(64, 'a'))->stop();
    CHECK_FALSE(std::filesystem::exists(home.file("master.key")));
    open_store(home.path(), std::string(64, 'a'))->stop();
    CHECK(refusal(home.path()).find("is missing") != std::string::npos);
}
