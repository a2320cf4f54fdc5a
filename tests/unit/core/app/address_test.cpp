#include "core/app/address.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace gaia;

TEST_CASE("app address: what an operator may write after --listen", "[app][address]") {
    struct row {
        const char* text;
        const char* host;
        int port;
    };
    for (const auto& [text, host, port] : {row{"127.0.0.1:8000", "127.0.0.1", 8000},
                                           {"localhost:1", "localhost", 1},
                                           {"[::1]:8000", "::1", 8000},
                                           {"[::]:0", "::", 0},
                                           {":8000", "0.0.0.0", 8000},
                                           {"a-b.c_d:65535", "a-b.c_d", 65535}}) {
        CAPTURE(text);
        const auto parsed = app::parse_listen(text);
        REQUIRE(parsed);
        CHECK(parsed->host == host);
        CHECK(parsed->port == port);
        if (*text != ':') {
            CHECK(app::to_authority(parsed->host, parsed->port) == text);
        }
    }
    for (const char* wrong : {"",
                              "8000",
                              "localhost",
                              "localhost:",
                              "localhost:x",
                              "localhost:65536",
                              "localhost:-1",
                              "localhost:+1",
                              "::1:8000",
                              "[::1]",
                              "[::1:8000",
                              "[a]:1",
                              "a b:1",
                              "-a:1",
                              ".a:1",
                              "http://a:1",
                              "a/b:1",
                              "[::g]:1"}) {
        CAPTURE(wrong);
        CHECK_FALSE(app::parse_listen(wrong));
    }
}

TEST_CASE("app address: loopback is only what cannot be reached from elsewhere", "[app][address]") {
    for (const char* host :
         {"localhost", "LocalHost", "127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"}) {
        CAPTURE(host);
        CHECK(app::is_loopback(host));
    }
    for (const char* host : {"",
                             "0.0.0.0",
                             "::",
                             "128.0.0.1",
                             "10.0.0.1",
                             "localhost.example",
                             "127.0.0.1.example",
                             "127.0.0.0/8",
                             "::2"}) {
        CAPTURE(host);
        CHECK_FALSE(app::is_loopback(host));
    }
}

TEST_CASE("app address: a range has no bits beyond its length", "[app][address]") {
    const auto ten = app::parse_address_range("10.0.0.0/8");
    REQUIRE(ten);
    CHECK(ten->contains(*app::parse_address_range("10.255.0.1")));
    CHECK(ten->contains(*app::parse_address_range("::ffff:10.0.0.1")));
    CHECK(ten->contains(*app::parse_address_range("10.1.0.0/16")));
    CHECK_FALSE(ten->contains(*app::parse_address_range("11.0.0.1")));
    CHECK_FALSE(ten->contains(*app::parse_address_range("0.0.0.0/0")));
    for (const char* wrong : {"",
                              "10.0.0.1/8",
                              "10.0.0.0/33",
                              "10.0.0.0/",
                              "10.0.0.0/-8",
                              "10.0.0/8",
                              "010.0.0.0/8x",
                              "::/129",
                              "fe80::1/64",
                              "a"}) {
        CAPTURE(wrong);
        CHECK_FALSE(app::parse_address_range(wrong));
    }
}
