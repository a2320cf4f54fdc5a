#include "core/store/ledger.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "core/store/recovery.hpp"
#include "core/store/usage_mover.hpp"
#include "tests/unit/core/store/ledger_fixture.hpp"

using namespace gaia::store;
using namespace gaia::testing;

TEST_CASE("ledger record: a settle comes back as it was, unknown stays unknown",
          "[store][ledger]") {
    auto what = settle_of(5);
    what.error = gaia::errc::client_closed;
    what.usage.cache_read = 3;
    what.usage.clamped = true;
    char room[record_bytes_max];
    const auto size = write_settle(room, what, 9);
    const auto found = read_record({room, size}, 9);
    REQUIRE(found);
    CHECK(found->id() == 5);
    const auto row = decode_settle(*found);
    CHECK(row.values.usage.prompt == 10);
    CHECK(row.values.usage.cache_read == 3);
    CHECK(row.values.usage.cache_write == std::nullopt);
    CHECK(row.values.usage.clamped);
    CHECK(row.values.cost == gaia::nanos{1005});
    CHECK(row.values.first_token_us == 100);
    CHECK(row.values.error == gaia::errc::client_closed);
    CHECK(row.error_label == "client_left");
    CHECK(row.values.finish_reason == "stop");
    CHECK(row.values.model_served == "gpt-4o-mini");
}

TEST_CASE("ledger record: unpriced and timeless stay so", "[store][ledger]") {
    auto what = settle_of(5);
    what.cost = std::nullopt;
    what.first_token_us = std::nullopt;
    what.usage = {};
    char room[record_bytes_max];
    const auto size = write_settle(room, what, 9);
    const auto row = decode_settle(*read_record({room, size}, 9));
    CHECK(row.values.cost == std::nullopt);
    CHECK(row.values.first_token_us == std::nullopt);
    CHECK(row.values.usage.prompt == std::nullopt);
    CHECK(row.values.error == std::nullopt);
}

TEST_CASE("ledger record: long names are cut between characters and fit their room",
          "[store][ledger]") {
    std::string name(127, 'a');
    name += "\u00e9" + std::string(300, 'b');  // the two bytes of é stand at 127 and 128
    auto what = settle_of(5);
    what.model_asked = what.model_served = what.provider = what.finish_reason = name;
    what.error = gaia::errc::stream_interrupted;
    std::string room(record_bytes_max + 64, '\x5a');
    const auto size = write_settle(room.data(), what, 9);
    REQUIRE(size <= record_bytes_max);
    CHECK(room.find_first_not_of('\x5a', record_bytes_max) == std::string::npos);
    const auto row = decode_settle(*read_record({room.data(), size}, 9));
    CHECK(row.values.model_asked == std::string(127, 'a'));
    CHECK(row.values.finish_reason.size() == word_bytes_max);
    CHECK(row.error_label == "stream_interrupted");
}

TEST_CASE("ledger record: any changed byte, missing byte or other segment is no record",
          "[store][ledger]") {
    char room[record_bytes_max];
    const auto size = write_begin(room, begin_of(1), record_type::begin, 9);
    const std::string whole(room, size);
    REQUIRE(read_record(whole, 9));
    CHECK_FALSE(read_record(whole, 10));
    for (std::size_t i = 0; i < size; ++i) {
        CAPTURE(i);
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 0x40);
        CHECK_FALSE(read_record(changed, 9));
        CHECK_FALSE(read_record(std::string_view(whole).substr(0, i), 9));
    }
}

TEST_CASE("ledger: a full one refuses begins, and what was admitted always settles",
          "[store][ledger]") {
    ledger_fixture at;
    const auto book = at.make_ledger(8 * 16 * 1024);
    std::set<std::int64_t> admitted;
    std::int64_t id = 0;
    while (book->begin(begin_of(++id))) {
        admitted.insert(id);
        REQUIRE(id < 10'000);
    }
    REQUIRE(admitted.size() > 50);
    CHECK(book->stats().bytes <= 8 * 16 * 1024);
    for (const auto open : admitted) {
        auto longest = settle_of(open);
        const std::string name(400, 'x');
        longest.model_asked = longest.model_served = longest.provider = longest.finish_reason =
            name;
        longest.error = gaia::errc::unsupported_media_type;
        book->settle(longest);
    }
    CHECK(book->stats().lost == 0);
    CHECK(book->stats().settled == admitted.size());
    // Nothing was moved: still full. Afterwards there is room again.
    usage_mover mover(at.db, *book);
    CHECK(mover.pass(true).rows == admitted.size());
    CHECK(at.count() == static_cast<std::int64_t>(admitted.size()));
    mover.pass(true);
    CHECK(book->begin(begin_of(++id)));
}

TEST_CASE("ledger: files are used again or removed once everything in them is moved",
          "[store][ledger]") {
    ledger_fixture at;
    const auto book = at.make_ledger();
    usage_mover mover(at.db, *book);
    std::int64_t id = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 200; ++i) {
            REQUIRE(book->begin(begin_of(++id)));
            book->settle(settle_of(id));
        }
        mover.pass(false);
    }
    mover.pass(true);
    CHECK(at.count() == id);
    CHECK(book->stats().bytes <= ledger::shard_count * 3 * 16 * 1024);
    CHECK(list_segments(at.folder).size() * 16 * 1024 == book->stats().bytes);
    book->remove_all();
    CHECK(list_segments(at.folder).empty());
}

TEST_CASE("ledger: a request that stays open for long does not hold the ledger's files",
          "[store][ledger]") {
    ledger_fixture at;
    at.db.execute("PRAGMA synchronous = OFF");
    const auto book = at.make_ledger(32 * 16 * 1024);
    usage_mover mover(at.db, *book);
    std::set<std::int64_t> open;
    std::int64_t id = 0;
    for (int round = 0; round < 400; ++round) {
        for (int i = 0; i < 50; ++i) {
            REQUIRE(book->begin(begin_of(++id)));
            if (i == 0 && round < 40) {
                open.insert(id);  // never settled, spread over many segments
            } else {
                book->settle(settle_of(id));
            }
        }
        mover.pass(false);
    }
    CHECK(mover.open_requests() == open.size());
    CHECK(book->stats().bytes <= 32 * 16 * 1024);
    CHECK(at.count() == id - static_cast<std::int64_t>(open.size()));

    SECTION("settled at last, they are completed rows") {
        for (const auto one : open) {
            book->settle(settle_of(one));
        }
        mover.pass(true);
        CHECK(at.count("state = 'completed'") == id);
        CHECK(mover.open_requests() == 0);
    }
    SECTION("after a crash they are interrupted, each once") {
        const auto found = recover(at.db, at.folder);
        CHECK(found.interrupted == open.size());
        CHECK(at.count("state = 'interrupted'") == static_cast<std::int64_t>(open.size()));
        CHECK(at.count() == id);
    }
}

TEST_CASE("mover: a transaction that fails changes nothing and is tried again", "[store][ledger]") {
    ledger_fixture at;
    const auto book = at.make_ledger();
    at.db.set_busy_timeout(0);
    usage_mover mover(at.db, *book);
    REQUIRE(book->begin(begin_of(1)));
    book->settle(settle_of(1));
    {
        database other(at.home.file("test.db"), open_mode::read_write);
        transaction holds(other, transaction::kind::write);
        CHECK_THROWS_AS(mover.pass(true), database_error);
        mover.wait_out();
        REQUIRE(book->begin(begin_of(2)));
        book->settle(settle_of(2));
        CHECK_THROWS_AS(mover.pass(true), database_error);
    }
    CHECK(mover.pass(true).rows == 2);
    CHECK(at.count() == 2);
    CHECK(at.count("model_asked = 'fast' AND provider = 'local' AND finish_reason = 'stop'") == 2);
}

TEST_CASE("mover: keys learn when they were last used", "[store][ledger]") {
    ledger_fixture at;
    at.db.execute(
        "INSERT INTO api_keys (id, organization_id, name, prefix, last_four, hash, permissions,"
        " created_at, updated_at) VALUES (7, 1, 'k', 'p', 'l', zeroblob(32), 3, 1, 1)");
    const auto book = at.make_ledger();
    usage_mover mover(at.db, *book);
    for (const std::int64_t id : {3, 9, 5}) {
        REQUIRE(book->begin(begin_of(id)));
        book->settle(settle_of(id));
    }
    mover.pass(true);
    CHECK(at.db.query_integer("SELECT last_used_at FROM api_keys WHERE id = 7") == 1'000'009);
    CHECK(at.count("key_name = 'k'") == 3);
}

TEST_CASE("usage_rows: the view speaks in words", "[store]") {
    ledger_fixture at;
    const auto book = at.make_ledger();
    usage_mover mover(at.db, *book);
    auto failed = settle_of(1);
    failed.error = gaia::errc::upstream_timeout;
    failed.status = 504;
    failed.usage = {};
    failed.cost = std::nullopt;
    failed.source = gaia::chat::usage_source::none;
    failed.finish_reason = {};
    auto left = settle_of(2);
    left.error = gaia::errc::client_closed;
    left.source = gaia::chat::usage_source::estimated;
    for (const auto& one : {failed, left, settle_of(3)}) {
        REQUIRE(book->begin(begin_of(one.id.value)));
        book->settle(one);
    }
    mover.pass(true);
    CHECK(
        at.count("id = 1 AND state = 'failed' AND error_code = 'upstream_timeout' AND status = 504"
                 " AND prompt_tokens IS NULL AND cost_nanos IS NULL AND usage_source = 'none'"
                 " AND finish_reason IS NULL") == 1);
    CHECK(at.count("id = 2 AND state = 'client_left' AND usage_source = 'estimated'") == 1);
    CHECK(at.count("id = 3 AND state = 'completed' AND error_code IS NULL AND cost_nanos = 1003"
                   " AND completion_tokens = 3 AND first_token_us = 100 AND stream = 1") == 1);
}
