#include "core/store/recovery.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/store/usage_mover.hpp"
#include "tests/unit/core/store/ledger_fixture.hpp"

using namespace gaia::store;
using namespace gaia::testing;

namespace {

struct place {
    std::size_t at;
    std::size_t size;
    record_type type;
    std::int64_t id;
};

// One segment's bytes with begins and settles in the order in which streams overlap.
std::string written_segment(std::uint64_t number, std::vector<place>& places) {
    std::string content(16 * 1024, '\0');
    std::size_t at = segment::header_bytes;
    const auto put = [&](std::size_t size, record_type type, std::int64_t id) {
        places.push_back({at, size, type, id});
        at += size;
    };
    for (std::int64_t id = 1; id <= 12; ++id) {
        put(write_begin(content.data() + at, begin_of(id), record_type::begin, number),
            record_type::begin,
            id);
        if (id > 3) {
            put(write_settle(content.data() + at, settle_of(id - 3), number),
                record_type::settle,
                id - 3);
        }
    }
    return content;
}

struct expected {
    std::set<std::int64_t> completed;
    std::set<std::int64_t> interrupted;
};

expected expect(const std::vector<place>& places, const std::function<bool(const place&)>& whole) {
    expected rows;
    for (const auto& one : places) {
        if (whole(one) && one.type == record_type::settle) {
            rows.completed.insert(one.id);
        }
    }
    for (const auto& one : places) {
        if (whole(one) && one.type == record_type::begin && !rows.completed.contains(one.id)) {
            rows.interrupted.insert(one.id);
        }
    }
    return rows;
}

std::set<std::int64_t> ids(database& db, const std::string& state) {
    std::set<std::int64_t> found;
    auto query = db.prepare("SELECT id FROM usage_rows WHERE state = ?1");
    query.bind(1, state);
    while (query.step()) {
        found.insert(query.integer(0));
    }
    return found;
}

void check_recovered(ledger_fixture& at, const std::string& content, const expected& rows) {
    at.db.execute("DELETE FROM usage");
    spill(at.folder + "/0000000000000005.seg", content);
    recover(at.db, at.folder);
    REQUIRE(ids(at.db, "completed") == rows.completed);
    REQUIRE(ids(at.db, "interrupted") == rows.interrupted);
    REQUIRE(list_segments(at.folder).empty());
}

}  // namespace

TEST_CASE("recovery: a ledger cut at any record's boundary or inside gives each request one row",
          "[store][recovery]") {
    ledger_fixture at;
    at.db.execute("PRAGMA synchronous = OFF");
    std::vector<place> places;
    const std::string content = written_segment(5, places);
    for (const auto& cut : places) {
        for (const std::size_t inside :
             {std::size_t{0}, std::size_t{1}, std::size_t{24}, cut.size / 2, cut.size - 1}) {
            CAPTURE(cut.at, inside);
            const std::size_t end = cut.at + inside;
            const auto whole_in = [&](const std::string& left) {
                return expect(places, [&](const place& one) {
                    return one.at < left.size() &&
                           left.compare(one.at, one.size, content, one.at, one.size) == 0;
                });
            };
            // The file may end there, or go on with the zeros it was allocated with.
            const std::string cut_off = content.substr(0, end);
            const std::string zeros = cut_off + std::string(content.size() - end, '\0');
            check_recovered(at, cut_off, whole_in(cut_off));
            check_recovered(at, zeros, whole_in(zeros));
        }
    }
}

TEST_CASE("recovery: a damaged record costs itself and not what follows", "[store][recovery]") {
    ledger_fixture at;
    at.db.execute("PRAGMA synchronous = OFF");
    std::vector<place> places;
    const std::string content = written_segment(5, places);
    for (const auto& hit : places) {
        for (std::size_t inside = 0; inside < hit.size; inside += 7) {
            CAPTURE(hit.at, inside);
            std::string damaged = content;
            damaged[hit.at + inside] = static_cast<char>(damaged[hit.at + inside] ^ 0x11);
            const auto rows = expect(places, [&](const place& one) { return one.at != hit.at; });
            check_recovered(at, damaged, rows);
        }
    }
}

TEST_CASE("recovery: records of the file's earlier use are not taken for its own",
          "[store][recovery]") {
    ledger_fixture at;
    std::vector<place> places;
    const std::string old = written_segment(4, places);
    std::vector<place> now;
    const std::string content = written_segment(5, now);
    const std::size_t end = now[6].at;
    const auto rows = expect(now, [&](const place& one) { return one.at < end; });
    check_recovered(at, content.substr(0, end) + old.substr(end), rows);
}

TEST_CASE("recovery: runs that were killed anywhere end the same when they run again",
          "[store][recovery]") {
    ledger_fixture at;
    std::vector<place> places;
    const std::string content = written_segment(5, places);
    const std::string file = at.folder + "/0000000000000005.seg";
    const auto rows = expect(places, [](const place&) { return true; });
    spill(file, content);
    recover(at.db, at.folder);
    // Killed after its commit and before the files were removed: they are there again.
    spill(file, content);
    const auto again = recover(at.db, at.folder);
    CHECK(again.interrupted == 0);
    CHECK(ids(at.db, "completed") == rows.completed);
    CHECK(ids(at.db, "interrupted") == rows.interrupted);
    // Killed before its commit: nothing had changed, which the first run above covers.
    CHECK(at.db.query_integer("SELECT count(*) FROM ledger_checkpoints") == 0);
}

TEST_CASE("recovery: what was moved before the crash is neither doubled nor lost",
          "[store][recovery]") {
    ledger_fixture at;
    std::int64_t id = 0;
    {
        const auto book = at.make_ledger();
        usage_mover mover(at.db, *book);
        for (int i = 0; i < 500; ++i) {
            REQUIRE(book->begin(begin_of(++id)));
            book->settle(settle_of(id));
            if (i % 100 == 50) {
                mover.pass(false);
            }
        }
        REQUIRE(book->begin(begin_of(++id)));
    }  // as a kill would leave it: the files stay
    const auto moved = at.count();
    CHECK(moved < 500);
    const auto found = recover(at.db, at.folder);
    CHECK(found.settled == 500 - static_cast<std::size_t>(moved));
    CHECK(found.interrupted == 1);
    CHECK(at.count("state = 'completed'") == 500);
    CHECK(at.count(
              "state = 'interrupted' AND status = 0 AND prompt_tokens = 11 AND cost_nanos IS NULL"
              " AND usage_source = 'estimated'") == 1);
}

TEST_CASE("recovery: a settled row is not overwritten by its begin", "[store][recovery]") {
    ledger_fixture at;
    {
        const auto book = at.make_ledger();
        usage_mover mover(at.db, *book);
        REQUIRE(book->begin(begin_of(1)));
        book->settle(settle_of(1));
        mover.pass(true);
    }
    // Only a carried copy of the begin is left; the settle's segment was given back.
    for (const auto& file : list_segments(at.folder)) {
        std::filesystem::remove(file.path);
    }
    std::string content(16 * 1024, '\0');
    write_begin(content.data() + segment::header_bytes, begin_of(1), record_type::carried, 9);
    spill(at.folder + "/0000000000000009.seg", content);
    const auto found = recover(at.db, at.folder);
    CHECK(found.interrupted == 0);
    CHECK(found.next_number > 9);
    CHECK(at.count("state = 'completed'") == 1);
}

TEST_CASE("recovery: foreign, empty and short files do no harm", "[store][recovery]") {
    ledger_fixture at;
    spill(at.folder + "/readme.txt", "not a segment");
    spill(at.folder + "/00000000000000aa.seg", "");
    spill(at.folder + "/00000000000000ab.seg", "short");
    spill(at.folder + "/zz.seg", "no number");
    const auto found = recover(at.db, at.folder);
    CHECK(found.settled + found.interrupted == 0);
    CHECK(std::filesystem::exists(at.folder + "/readme.txt"));
    CHECK(std::filesystem::exists(at.folder + "/zz.seg"));
}
