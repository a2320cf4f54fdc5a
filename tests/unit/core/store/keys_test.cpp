#include "core/store/keys.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/core/store/ledger_fixture.hpp"

using namespace gaia::store;
using namespace gaia::testing;
namespace policy = gaia::policy;

namespace {

created_key make(database& db, const std::string& name) {
    new_key wanted;
    wanted.name = name;
    return *create_key(db, wanted, {5});
}

}  // namespace

TEST_CASE("keys: only the hash and what may be shown are stored", "[store][keys]") {
    ledger_fixture at;
    const auto made = make(at.db, "first");
    const auto& text = made.key.expose();
    CHECK(made.record.hash == gaia::sha256(text));
    CHECK(made.record.prefix == text.substr(0, 10));
    CHECK(made.record.last_four == text.substr(text.size() - 4));
    CHECK(made.record.permissions == (policy::permission_read | policy::permission_write));
    at.db.checkpoint();
    CHECK(slurp(at.home.file("test.db")).find(text.substr(6)) == std::string::npos);
    CHECK(slurp(at.home.file("test.db-wal")).find(text.substr(6)) == std::string::npos);
    new_key nameless;
    CHECK(create_key(at.db, nameless, {5}).error().param == "name");
}

TEST_CASE("keys: found by id and by an unambiguous prefix", "[store][keys]") {
    ledger_fixture at;
    const auto a = make(at.db, "a");
    const auto b = make(at.db, "b");
    CHECK(list_keys(at.db)->size() == 2);
    CHECK(find_key(at.db, to_string(a.record.id))->name == "a");
    CHECK(find_key(at.db, b.record.prefix)->name == "b");
    CHECK(find_key(at.db, "ak_99").error().what == gaia::errc::not_found);
    CHECK(find_key(at.db, "").error().what == gaia::errc::not_found);
    CHECK(find_key(at.db, "%").error().what == gaia::errc::not_found);
    at.db.execute("UPDATE api_keys SET prefix = 'same'");
    CHECK(find_key(at.db, "same").error().what == gaia::errc::conflict);
}

TEST_CASE("keys: a revoked one stays in the list and is inactive", "[store][keys]") {
    ledger_fixture at;
    const auto made = make(at.db, "a");
    const auto gone = revoke_key(at.db, made.record.id, {9});
    REQUIRE(gone.has_value());
    CHECK_FALSE(gone->active);
    CHECK(gone->updated == gaia::unix_micros{9});
    CHECK(revoke_key(at.db, made.record.id, {10})->updated == gaia::unix_micros{9});
    CHECK(list_keys(at.db)->size() == 1);
    CHECK(revoke_key(at.db, gaia::key_id{77}, {9}).error().what == gaia::errc::not_found);
}

TEST_CASE("keys: the preset admin key follows the environment", "[store][keys]") {
    ledger_fixture at;
    const std::string first = "operator-chosen-admin-key-0123456789";
    const auto made = ensure_preset_admin_key(at.db, first, {5});
    REQUIRE(made.has_value());
    REQUIRE(made->has_value());
    CHECK((*made)->permissions == 7);
    CHECK((*made)->hash == gaia::sha256(first));
    CHECK((*ensure_preset_admin_key(at.db, first, {6}))->id == (*made)->id);
    CHECK((*ensure_preset_admin_key(at.db, first, {6}))->updated == gaia::unix_micros{5});

    revoke_key(at.db, (*made)->id, {7});
    CHECK((*ensure_preset_admin_key(at.db, first, {8}))->active);

    const auto other = ensure_preset_admin_key(at.db, first + "-new", {9});
    CHECK((*other)->id != (*made)->id);
    CHECK_FALSE(find_key(at.db, (*made)->id)->active);
    CHECK_FALSE(ensure_preset_admin_key(at.db, "", {10})->has_value());
    CHECK_FALSE(find_key(at.db, (*other)->id)->active);
}
