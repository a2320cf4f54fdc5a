#include "core/store/database.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "core/store/accounts.hpp"
#include "core/store/data_folder.hpp"
#include "core/store/migrations.hpp"
#include "core/store/names.hpp"
#include "core/store/passwords.hpp"
#include "core/store/providers.hpp"
#include "core/store/vault.hpp"
#include "tests/unit/core/store/ledger_fixture.hpp"

using namespace gaia::store;
using namespace gaia::testing;
using gaia::secret;

namespace {

mode_t rights(const std::string& path) {
    struct stat about{};
    ::stat(path.c_str(), &about);
    return about.st_mode & 0777;
}

vault vault_of(char fill) {
    return vault(secret(std::string(32, fill)));
}

}  // namespace

TEST_CASE("data folder: private, and held by one at a time", "[store]") {
    temporary_folder home;
    const std::string path = home.file("a/b");
    {
        auto first = data_folder::open(path);
        REQUIRE(first.has_value());
        CHECK(rights(path) == 0700);
        CHECK(rights(first->file("gaiarouter.lock")) == 0600);
        auto second = data_folder::open(path);
        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().what == gaia::errc::conflict);
        CHECK(second.error().message.find("process " + std::to_string(::getpid())) !=
              std::string::npos);
    }
    CHECK(data_folder::open(path).has_value());
    spill(home.file("plain"), "x");
    CHECK_FALSE(data_folder::open(home.file("plain")).has_value());
    CHECK_FALSE(data_folder::open(home.file("plain/below")).has_value());
}

TEST_CASE("data folder: somebody else's folder keeps its rights", "[store]") {
    temporary_folder home;
    ::chmod(home.path().c_str(), 0755);
    spill(home.file("theirs"), "x");
    REQUIRE(data_folder::open(home.path()).has_value());
    CHECK(rights(home.path()) == 0755);
}

TEST_CASE("database: opened as the money needs it", "[store]") {
    ledger_fixture at;
    CHECK(rights(at.home.file("test.db")) == 0600);
    CHECK(rights(at.home.file("test.db-wal")) == 0600);
    CHECK(at.db.query_text("PRAGMA journal_mode") == "wal");
    CHECK(at.db.query_integer("PRAGMA synchronous") == 2);
    CHECK(at.db.query_integer("PRAGMA foreign_keys") == 1);
    CHECK(at.db.query_integer("PRAGMA wal_autocheckpoint") == 0);
    CHECK(at.db.query_integer("PRAGMA trusted_schema") == 0);
    CHECK(at.db.query_text("SELECT name FROM organizations WHERE id = 1") == "Default");
}

TEST_CASE("migrations: numbered without a gap, applied once, in one step each", "[store]") {
    temporary_folder home;
    database db(home.file("m.db"), open_mode::read_write);
    const std::string_view broken =
        "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);";
    std::vector<migration> steps{{1, "0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT;"},
                                 {2, "0002_b.sql", broken}};
    CHECK_THROWS_AS(migrate(db, steps), database_error);
    CHECK(db.query_integer("PRAGMA user_version") == 1);
    CHECK(db.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'b'") == 0);
    steps[1].sql = "CREATE TABLE b (x INTEGER) STRICT;";
    CHECK(migrate(db, steps) == 1);
    CHECK(migrate(db, steps) == 0);
    CHECK(db.query_integer("PRAGMA user_version") == 2);

    const gaia::base::embedded_file gap[] = {{"x/0001_a.sql", ""}, {"x/0003_c.sql", ""}};
    CHECK_THROWS_AS(order_migrations(gap), std::logic_error);
    CHECK_FALSE(embedded_migrations().empty());
}

TEST_CASE("migrations: a newer, a foreign and a damaged database are refused", "[store]") {
    temporary_folder home;
    const std::string path = home.file("m.db");
    {
        database db(path, open_mode::read_write);
        migrate(db, embedded_migrations());
        check_before_use(db, 1);
        db.execute("PRAGMA user_version = 9");
        CHECK_THROWS_WITH(check_before_use(db, 1), Catch::Contains("schema version 9"));
        db.execute("PRAGMA user_version = 1; PRAGMA application_id = 5");
        CHECK_THROWS_WITH(check_before_use(db, 1), Catch::Contains("not made by gaiarouter"));
        db.execute("PRAGMA application_id = " + std::to_string(application_id));
        db.checkpoint();
    }
    const std::string good = slurp(path);
    std::filesystem::remove(path + "-wal");
    std::filesystem::remove(path + "-shm");
    for (const std::size_t at : {std::size_t{3}, std::size_t{4096 + 3}, std::size_t{100 + 5}}) {
        CAPTURE(at);
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x55);
        spill(path, bad);
        const auto look = [&] {
            database db(path, open_mode::read_only);
            check_before_use(db, 1);
        };
        CHECK_THROWS(look());
        CHECK(slurp(path) == bad);
    }
}

TEST_CASE("vault: what is sealed opens only where it was sealed", "[store]") {
    const auto keys = vault_of('k');
    const std::string sealed = keys.seal("provider_credentials", 4, "sk-upstream");
    CHECK(sealed.find("sk-upstream") == std::string::npos);
    CHECK(keys.seal("provider_credentials", 4, "sk-upstream") != sealed);
    const auto opened = keys.open("provider_credentials", 4, sealed);
    REQUIRE(opened.has_value());
    CHECK(opened->expose() == "sk-upstream");
    CHECK_FALSE(keys.open("provider_credentials", 5, sealed).has_value());
    CHECK_FALSE(keys.open("vault_check", 4, sealed).has_value());
    CHECK_FALSE(vault_of('x').open("provider_credentials", 4, sealed).has_value());
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK_FALSE(keys.open("provider_credentials", 4, changed).has_value());
        CHECK_FALSE(keys.open("provider_credentials", 4, sealed.substr(0, i)).has_value());
    }
    CHECK(keys.open("t", 1, keys.seal("t", 1, ""))->expose().empty());
    CHECK_THROWS(vault(secret("short")));
}

TEST_CASE("master key: made once with private rights, then read again", "[store]") {
    temporary_folder home;
    const std::string file = home.file("master.key");
    CHECK_THROWS_WITH(load_master_key("", file, false), Catch::Contains("is missing"));
    const auto made = load_master_key("", file, true);
    CHECK(made.expose().size() == 32);
    CHECK(rights(file) == 0600);
    CHECK(load_master_key("", file, false).expose() == made.expose());
    ::chmod(file.c_str(), 0640);
    CHECK_THROWS_WITH(load_master_key("", file, true), Catch::Contains("0600"));
    ::chmod(file.c_str(), 0600);
    spill(file, "nonsense\n");
    CHECK_THROWS_WITH(load_master_key("", file, true), Catch::Contains("is not a key"));
}

TEST_CASE("master key: hexadecimal or base64 of 32 bytes", "[store]") {
    CHECK(parse_master_key(std::string(64, 'a'))->expose() == std::string(32, '\xaa'));
    CHECK(parse_master_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")->expose().size() == 32);
    for (const auto* bad : {"",
                            "aa",
                            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                            "!!ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_master_key(bad).has_value());
    }
    CHECK_FALSE(parse_master_key(std::string(63, 'a') + "g").has_value());
    CHECK_THROWS_WITH(load_master_key("short", "", true), Catch::Contains("GAIAROUTER_MASTER_KEY"));
}

TEST_CASE("vault check: another master key is noticed", "[store]") {
    ledger_fixture at;
    CHECK_FALSE(has_vault_check(at.db));
    remember_vault(at.db, vault_of('a'));
    CHECK(has_vault_check(at.db));
    verify_vault(at.db, vault_of('a'));
    CHECK_THROWS_WITH(verify_vault(at.db, vault_of('b')),
                      Catch::Contains("master key is not the one"));
    remember_vault(at.db, vault_of('b'));  // keeps the first
    verify_vault(at.db, vault_of('a'));
}

TEST_CASE("names: one number for each text, for ever", "[store]") {
    ledger_fixture at;
    names dictionary(at.db);
    const auto a = dictionary.id_of("a");
    const auto b = dictionary.id_of("b");
    CHECK(a != b);
    CHECK(dictionary.id_of("a") == a);
    dictionary.forget();
    CHECK(dictionary.id_of("b") == b);
    CHECK(dictionary.id_if_any("") == std::nullopt);
    CHECK(dictionary.id_of("") != a);  // a name may be empty
    transaction bulk(at.db, transaction::kind::write);
    for (std::size_t i = 0; i < 2 * names::cached_max; ++i) {
        dictionary.id_of(std::to_string(i));
    }
    CHECK(dictionary.id_of("a") == a);
}

TEST_CASE("passwords: argon2id, and only the right one fits", "[store]") {
    const auto hash = hash_password("correct horse battery");
    CHECK(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
    CHECK(verify_password(hash, "correct horse battery"));
    CHECK_FALSE(verify_password(hash, "correct horse batterz"));
    CHECK_FALSE(verify_password(hash, ""));
    CHECK_FALSE(verify_password("", ""));
    CHECK_FALSE(verify_password(std::string(500, '$'), "x"));
    CHECK_FALSE(needs_rehash(hash));
    CHECK(needs_rehash("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHQ$aaaa"));
}

TEST_CASE("accounts: one owner, found without regard to case", "[store]") {
    ledger_fixture at;
    CHECK(*needs_owner(at.db));
    const auto owner = create_owner(at.db, "admin", "hash", {5});
    REQUIRE(owner.has_value());
    CHECK(owner->role == "owner");
    CHECK_FALSE(*needs_owner(at.db));
    CHECK(create_owner(at.db, "second", "hash", {6}).error().what == gaia::errc::conflict);
    REQUIRE(find_user(at.db, "ADMIN")->has_value());
    CHECK_FALSE(find_user(at.db, "nobody")->has_value());
    CHECK(set_password(at.db, owner->id, "new", {7})->password_hash == "new");
    CHECK(set_password(at.db, gaia::user_id{99}, "new", {7}).error().what == gaia::errc::not_found);
}

TEST_CASE("providers: credentials are sealed, and do not follow a changed address", "[store]") {
    ledger_fixture at;
    const auto keys = vault_of('k');
    new_provider wanted;
    wanted.name = "local";
    wanted.vendor = "openai";
    wanted.base_url = "https://a.example/v1";
    const auto made = create_provider(at.db, keys, wanted, secret("sk-upstream-marker"), {5});
    REQUIRE(made.has_value());
    CHECK(made->has_credential);
    CHECK(provider_credential(at.db, keys, made->id)->expose() == "sk-upstream-marker");
    at.db.checkpoint();
    CHECK(slurp(at.home.file("test.db")).find("sk-upstream-marker") == std::string::npos);
    CHECK(slurp(at.home.file("test.db-wal")).find("sk-upstream-marker") == std::string::npos);

    provider_change rename;
    rename.name = "renamed";
    CHECK(update_provider(at.db, keys, made->id, rename, {6})->has_credential);
    provider_change move;
    move.base_url = "https://b.example/v1";
    CHECK_FALSE(update_provider(at.db, keys, made->id, move, {7})->has_credential);
    CHECK(provider_credential(at.db, keys, made->id)->empty());
    move.base_url = "https://c.example/v1";
    move.credential = secret("sk-new");
    CHECK(update_provider(at.db, keys, made->id, move, {8})->has_credential);
    CHECK(list_providers(at.db)->size() == 1);
    CHECK_THROWS_AS(
        create_provider(
            at.db, keys, {gaia::organization_id{1}, "renamed", "x", "", true}, secret(), {9}),
        database_error);
    CHECK(remove_provider(at.db, made->id).has_value());
    CHECK(remove_provider(at.db, made->id).error().what == gaia::errc::not_found);
    CHECK(at.db.query_integer("SELECT count(*) FROM provider_credentials") == 0);
}
