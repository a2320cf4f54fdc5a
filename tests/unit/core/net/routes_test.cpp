#include "core/net/routes.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace gaia;

namespace {

net::routes make_table() {
    net::routes table;
    for (const auto& [method, pattern] : {std::pair("GET", "/v1/models"),
                                          {"GET", "/v1/models/{rest}"},
                                          {"POST", "/v1/chat/completions"},
                                          {"GET", "/v1/api-keys/{rest}"},
                                          {"DELETE", "/v1/api-keys/{rest}"},
                                          {"POST", "/v1/api-keys"},
                                          {"GET", "/v1/api-keys"}}) {
        table.add({method, pattern, {}, false});
    }
    return table;
}

std::string found(const net::routes::match& m) {
    return m.found == nullptr ? "-" : m.found->method + " " + m.found->pattern;
}

}  // namespace

TEST_CASE("routes: a path belongs to its pattern only", "[net][routes]") {
    const auto table = make_table();
    struct row {
        const char* method;
        const char* path;
        const char* found;
        const char* rest = "";
        const char* allow = "";
    };
    const row rows[] = {
        {"GET", "/v1/models", "GET /v1/models"},
        {"HEAD", "/v1/models", "GET /v1/models"},
        {"GET", "/v1/models/a", "GET /v1/models/{rest}", "a"},
        {"GET", "/v1/models/openai/gpt-4o", "GET /v1/models/{rest}", "openai/gpt-4o"},
        {"GET", "/v1/models/openai%2Fgpt-4o", "GET /v1/models/{rest}", "openai/gpt-4o"},
        {"GET", "/v1/models/a%2520b", "GET /v1/models/{rest}", "a%20b"},  // decoded once
        {"HEAD", "/v1/models/a", "GET /v1/models/{rest}", "a"},
        {"DELETE", "/v1/api-keys/key_1", "DELETE /v1/api-keys/{rest}", "key_1"},
        {"POST", "/v1/chat/completions", "POST /v1/chat/completions"},
        {"GET", "/v1/models/", "-"},  // {rest} is never empty
        {"GET", "/v1/models/%00", "-"},
        {"GET", "/v1/models/%zz", "-"},
        {"GET", "/V1/models", "-"},
        {"GET", "//v1/models", "-"},
        {"GET", "/v1//models", "-"},
        {"GET", "/v1/./models", "-"},
        {"GET", "/v1/%6dodels", "-"},  // what is compared is what was sent
        {"GET", "/", "-"},
        {"GET", "", "-"},
        {"GET", "/v1/chat/completions", "-", "", "POST"},
        {"HEAD", "/v1/chat/completions", "-", "", "POST"},
        {"POST", "/v1/models", "-", "", "GET, HEAD"},
        {"PUT", "/v1/api-keys/key_1", "-", "", "GET, HEAD, DELETE"},
        {"PATCH", "/v1/api-keys", "-", "", "POST, GET, HEAD"},
        {"OPTIONS", "/v1/models", "-", "", "GET, HEAD"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.method, row.path);
        const auto match = table.find(row.method, row.path);
        CHECK(found(match) == row.found);
        CHECK(match.rest == row.rest);
        if (match.found == nullptr) {
            CHECK(match.allow == row.allow);
        }
    }
}

TEST_CASE("routes: percent_decode decodes once and lets no control byte through", "[net][routes]") {
    const std::pair<const char*, const char*> good[] = {{"", ""},
                                                        {"abc", "abc"},
                                                        {"%41", "A"},
                                                        {"a%2fb%2Fc", "a/b/c"},
                                                        {"%2541", "%41"},
                                                        {"a+b", "a+b"},
                                                        {"%c3%a9", "\xc3\xa9"}};
    for (const auto& [text, decoded] : good) {
        CAPTURE(text);
        REQUIRE(net::percent_decode(text).has_value());
        CHECK(*net::percent_decode(text) == decoded);
    }
    for (const char* wrong : {"%",
                              "%4",
                              "a%",
                              "a%4",
                              "%zz",
                              "%4g",
                              "%g4",
                              "%%41",
                              "%00",
                              "a%0ab",
                              "%1f",
                              "%7f",
                              "\x01"}) {
        CAPTURE(wrong);
        CHECK_FALSE(net::percent_decode(wrong).has_value());
    }
}
