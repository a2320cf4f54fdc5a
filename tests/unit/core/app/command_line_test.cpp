#include "core/app/command_line.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace gaia;
using namespace gaia::app;

namespace {

std::variant<command, exit_with> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "gaiarouter");
    words.push_back(nullptr);
    return parse_command_line(static_cast<int>(words.size()) - 1, words.data());
}

template <class Command>
Command as(std::vector<const char*> words) {
    auto parsed = parse(std::move(words));
    if (const auto* e = std::get_if<exit_with>(&parsed)) {
        FAIL(e->text);
    }
    return std::get<Command>(std::get<command>(parsed));
}

exit_with ended(std::vector<const char*> words) {
    auto parsed = parse(std::move(words));
    REQUIRE(std::holds_alternative<exit_with>(parsed));
    return std::get<exit_with>(parsed);
}

}  // namespace

TEST_CASE("command line: serve", "[app]") {
    const auto plain = as<serve_command>({"serve"});
    CHECK_FALSE(plain.flags.config.has_value());
    CHECK_FALSE(plain.flags.listen.has_value());
    const auto full = as<serve_command>(
        {"serve", "--config", "a.yaml", "--data=/d", "--listen", "[::1]:80", "--threads", "4"});
    CHECK(*full.flags.config == "a.yaml");
    CHECK(*full.flags.data == "/d");
    CHECK(*full.flags.listen == "[::1]:80");
    CHECK(*full.flags.threads == "4");
}

TEST_CASE("command line: check, version and keys", "[app]") {
    CHECK(*as<check_command>({"check", "--config", "a.yaml"}).flags.config == "a.yaml");
    as<version_command>({"version"});
    const auto create = as<keys_create_command>({"keys",
                                                 "create",
                                                 "--name",
                                                 "ci",
                                                 "--expires",
                                                 "30d",
                                                 "--permissions",
                                                 "read,admin",
                                                 "--json",
                                                 "--data",
                                                 "/d"});
    CHECK(create.name == "ci");
    CHECK(create.expires == std::chrono::hours(720));
    CHECK(create.permissions == (policy::permission_read | policy::permission_admin));
    CHECK(create.json);
    CHECK(*create.flags.data == "/d");
    const auto plain = as<keys_create_command>({"keys", "create"});
    CHECK(plain.permissions == (policy::permission_read | policy::permission_write));
    CHECK_FALSE(plain.expires.has_value());
    CHECK(as<keys_list_command>({"keys", "list", "--json"}).json);
    CHECK(as<keys_revoke_command>({"keys", "revoke", "ak_7"}).key == "ak_7");
}

TEST_CASE("command line: help for all, exit code 0", "[app]") {
    const std::pair<std::vector<const char*>, const char*> rows[] = {
        {{}, "serve"},
        {{"--help"}, "keys"},
        {{"-h"}, "version"},
        {{"serve", "--help"}, "--listen"},
        {{"check", "--help"}, "--config"},
        {{"keys"}, "revoke"},
        {{"keys", "--help"}, "create"},
        {{"keys", "create", "--help"}, "--permissions"},
        {{"keys", "list", "--help"}, "--json"},
        {{"keys", "revoke", "--help"}, "ID|PREFIX"},
        {{"version", "--help"}, "version"},
    };
    for (const auto& [words, expected] : rows) {
        CAPTURE(words);
        const auto end = ended(words);
        CHECK(end.code == 0);
        CHECK(end.text.find(expected) != std::string::npos);
        CHECK(end.text.find("gaiarouter") != std::string::npos);
    }
}

TEST_CASE("command line: a mistake is one line and exit code 2", "[app]") {
    const std::vector<const char*> rows[] = {
        {"--nonsense"},
        {"nonsense"},
        {"serve", "--nonsense"},
        {"serve", "extra"},
        {"serve", "--config"},
        {"serve", "--config", ""},
        {"serve", "check"},
        {"check", "--listen", "h:1"},
        {"keys", "nonsense"},
        {"keys", "revoke"},
        {"keys", "revoke", "a", "b"},
        {"keys", "create", "--expires", "soon"},
        {"keys", "create", "--expires", "0s"},
        {"keys", "create", "--expires", "4000d"},
        {"keys", "create", "--permissions", "root"},
        {"keys", "create", "--permissions", ""},
        {"keys", "create", "--json=maybe"},
    };
    for (const auto& words : rows) {
        CAPTURE(words);
        const auto end = ended(words);
        CHECK(end.code == 2);
        CHECK(end.text.starts_with("gaiarouter: "));
        CHECK(std::count(end.text.begin(), end.text.end(), '\n') == 1);
    }
    CHECK(ended({"keys", "create", "--name", std::string(129, 'x').c_str()}).code == 2);
}
