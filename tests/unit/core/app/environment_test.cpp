#include "core/app/environment.hpp"

#include <catch2/catch.hpp>

#include "core/app/address.hpp"

using namespace gaia::app;

TEST_CASE("environment: from the process's strings", "[app]") {
    const char* entries[] = {"A=1", "B=", "C=x=y", "broken", nullptr};
    const auto env = environment::from(entries);
    REQUIRE(env.find("A") != nullptr);
    CHECK(*env.find("C") == "x=y");
    CHECK(env.find("B") != nullptr);
    CHECK(env.find_filled("B") == nullptr);
    CHECK(env.find("broken") == nullptr);
}

TEST_CASE("data folder: XDG, home, or the system's", "[app]") {
    CHECK(default_data_folder(environment({{"XDG_DATA_HOME", "/x"}, {"HOME", "/h"}})) ==
          "/x/gaiarouter");
    CHECK(default_data_folder(environment({{"XDG_DATA_HOME", "rel"}, {"HOME", "/h"}})) ==
          "/h/.local/share/gaiarouter");
    CHECK(default_data_folder(environment({{"HOME", "/"}})) == "/var/lib/gaiarouter");
    CHECK(default_data_folder(environment()) == "/var/lib/gaiarouter");
}

TEST_CASE("no_proxy: names, addresses, ranges, ports", "[app]") {
    struct row {
        const char* list;
        const char* host;
        int port;
        bool bypass;
    };
    const row rows[] = {
        {"", "api.example.com", 443, false},
        {"*", "api.example.com", 443, true},
        {"example.com", "api.example.com", 443, true},
        {".example.com", "api.example.com", 443, true},
        {"*.example.com", "api.example.com", 443, true},
        {"EXAMPLE.com", "example.COM", 443, true},
        {"example.com", "badexample.com", 443, false},
        {"a, example.com ,b", "example.com", 443, true},
        {"example.com:8443", "example.com", 443, false},
        {"example.com:8443", "example.com", 8443, true},
        {"10.0.0.0/8", "10.1.2.3", 443, true},
        {"10.0.0.0/8", "11.1.2.3", 443, false},
        {"10.1.2.3", "10.1.2.3", 443, true},
        {"2001:db8::/32", "2001:db8::1", 443, true},
        {",,", "example.com", 443, false},
        {".", "example.com", 443, false},
        {"", "localhost", 443, true},
        {"", "127.8.9.1", 443, true},
        {"", "::1", 443, true},
    };
    for (const auto& r : rows) {
        CAPTURE(r.list, r.host);
        CHECK(bypasses_proxy(r.list, r.host, static_cast<std::uint16_t>(r.port)) == r.bypass);
    }
}

TEST_CASE("proxy: http with host and port", "[app]") {
    for (const auto* text : {"http://proxy:3128", "proxy:3128", "http://proxy:3128/"}) {
        CAPTURE(text);
        REQUIRE(parse_proxy(text).has_value());
        CHECK(parse_proxy(text)->authority() == "proxy:3128");
    }
    for (const auto* text : {"",
                             "https://proxy",
                             "socks5://proxy:1",
                             "http://user:pass@proxy:3128",
                             "user:pass@proxy:3128",
                             "http://proxy/path"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_proxy(text).has_value());
    }
}

TEST_CASE("listen: host and port", "[app]") {
    struct row {
        const char* text;
        const char* host;
        int port;
    };
    const row rows[] = {{"127.0.0.1:8000", "127.0.0.1", 8000},
                        {"localhost:0", "localhost", 0},
                        {"[::1]:8000", "::1", 8000},
                        {"[::]:65535", "::", 65535},
                        {":8000", "0.0.0.0", 8000},
                        {"0.0.0.0:80", "0.0.0.0", 80}};
    for (const auto& r : rows) {
        CAPTURE(r.text);
        REQUIRE(parse_listen(r.text).has_value());
        CHECK(parse_listen(r.text)->host == r.host);
        CHECK(parse_listen(r.text)->port == r.port);
    }
    for (const auto* text : {"",
                             "8000",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "h:-1",
                             "h:+1",
                             "::1:8000",
                             "[::1]",
                             "[::1:8000",
                             "[h]:1",
                             "a b:1",
                             "http://h:1",
                             "h:80 ",
                             "-h:1"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_listen(text).has_value());
    }
}

TEST_CASE("address range: addresses and lengths", "[app]") {
    for (const auto* text :
         {"10.0.0.0/8", "192.0.2.1", "0.0.0.0/0", "::1", "2001:db8::/32", "::/0"}) {
        CAPTURE(text);
        CHECK(parse_address_range(text).has_value());
    }
    for (const auto* text : {"",
                             "10.0.0.1/8",
                             "10.0.0.0/33",
                             "10.0.0.0/",
                             "10.0.0/8",
                             "::/129",
                             "h",
                             "10.0.0.0/-1",
                             "10.0.0.0/8/8",
                             "1.2.3.4 "}) {
        CAPTURE(text);
        CHECK_FALSE(parse_address_range(text).has_value());
    }
    CHECK(parse_address_range("::ffff:10.0.0.0/104")->contains(*parse_address_range("10.1.2.3")));
    CHECK_FALSE(parse_address_range("10.1.0.0/16")->contains(*parse_address_range("10.0.0.0/8")));
}
