#include <catch2/catch.hpp>

#include "core/policy/snapshot.hpp"

using gaia::policy::parse_origin;

TEST_CASE("origin: http and https addresses with a base path", "[policy]") {
    struct row {
        const char* url;
        bool tls;
        const char* host;
        int port;
        const char* path;
        const char* authority;
    };
    const row rows[] = {
        {"https://api.openai.com/v1", true, "api.openai.com", 443, "/v1", "api.openai.com"},
        {"https://api.openai.com/v1/", true, "api.openai.com", 443, "/v1", "api.openai.com"},
        {"HTTP://LocalHost:9100", false, "localhost", 9100, "", "localhost:9100"},
        {"http://127.0.0.1:80/", false, "127.0.0.1", 80, "", "127.0.0.1"},
        {"https://h:80", true, "h", 80, "", "h:80"},
        {"http://[::1]:8080/a%20b", false, "::1", 8080, "/a%20b", "[::1]:8080"},
        {"https://[2001:DB8::1]", true, "2001:db8::1", 443, "", "[2001:db8::1]"},
        {"http://model_server/v1", false, "model_server", 80, "/v1", "model_server"},  // compose
                                                                                       // name
    };
    for (const auto& r : rows) {
        CAPTURE(r.url);
        const auto where = parse_origin(r.url);
        REQUIRE(where);
        CHECK(where->tls == r.tls);
        CHECK(where->host == r.host);
        CHECK(where->port == r.port);
        CHECK(where->path == r.path);
        CHECK(where->authority() == r.authority);
    }
}

TEST_CASE("origin: anything that another parser may read differently is refused", "[policy]") {
    const char* const urls[] = {
        "",
        "api.openai.com",
        "//h",
        "ftp://h",
        "https:/h",
        "https://",
        "https:///v1",
        "https://user@h",
        "https://user:pass@h/v1",
        "https://h?x=1",
        "https://h/v1?x=1",
        "https://h/v1#f",
        "https://h:",
        "https://h:0",
        "https://h:65536",
        "https://h:8o",
        "https://h:+80",
        "https://h h",
        "https://h\r\nx",
        "https://h/a b",
        "https://h\\v1",
        "https://[::1",
        "https://[::1]x",
        "https://[fe80::1%25eth0]",
        "https://[zz]",
        "https://a..b",
        "https://.a",
        "https://a.",
        "https://-a",
        "https://a-",
        "https://127.1",
        "https://0x7f.1",
        "https://2130706433",
        "https://1.2.3.4.5",
        "https://256.1.1.1",
        "https://h/%2",
        "https://h/%zz",
        "https://h/a/../b",
        "https://h/..",
        "https://h/./a",
        "https://\xC3\xA9",
        "https://h/\xC3\xA9",
        " https://h",
        "https://h ",
    };
    for (const auto* url : urls) {
        CAPTURE(url);
        CHECK_FALSE(parse_origin(url));
    }
    CHECK_FALSE(parse_origin("https://h/" + std::string(2'048, 'a')));
    CHECK_FALSE(parse_origin("https://" + std::string(64, 'a')));
}
