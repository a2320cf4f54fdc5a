#include "core/net/address.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace gaia;
using net::address_range;

namespace {

net::ip_address address(const std::string& text) {
    return boost::asio::ip::make_address(text);
}

std::vector<address_range> ranges(const std::vector<std::string>& texts) {
    std::vector<address_range> made;
    for (const auto& text : texts) {
        made.push_back(address_range::parse(text).value());
    }
    return made;
}

}  // namespace

TEST_CASE("address: a range holds its first and last address and nothing beside",
          "[net][address]") {
    struct row {
        const char* range;
        std::vector<const char*> in;
        std::vector<const char*> out;
    };
    const std::vector<row> rows = {
        {"10.0.0.0/8", {"10.0.0.0", "10.255.255.255"}, {"9.255.255.255", "11.0.0.0", "::a00:1"}},
        {"100.64.0.0/10", {"100.64.0.0", "100.127.255.255"}, {"100.63.255.255", "100.128.0.0"}},
        {"192.0.2.7", {"192.0.2.7"}, {"192.0.2.6", "192.0.2.8"}},
        {"192.0.2.7/32", {"192.0.2.7"}, {"192.0.2.6", "192.0.2.8"}},
        {"192.0.2.7/24", {"192.0.2.0", "192.0.2.255"}, {"192.0.3.0"}},  // host bits do not count
        {"0.0.0.0/0", {"0.0.0.0", "255.255.255.255"}, {"::"}},
        {"::/0", {"::", "ffff::"}, {"0.0.0.0"}},
        {"::1", {"::1"}, {"::", "::2", "127.0.0.1"}},
        {"fc00::/7", {"fc00::", "fdff:ffff::1"}, {"fbff::", "fe00::"}},
        {"2001:db8::/33", {"2001:db8:7fff::"}, {"2001:db8:8000::"}},
    };
    for (const auto& row : rows) {
        const auto range = address_range::parse(row.range);
        REQUIRE(range);
        for (const auto* text : row.in) {
            CAPTURE(row.range, text);
            CHECK(range->contains(address(text)));
        }
        for (const auto* text : row.out) {
            CAPTURE(row.range, text);
            CHECK_FALSE(range->contains(address(text)));
        }
    }
    for (const char* wrong : {"",
                              "/8",
                              "10.0.0.0/",
                              "10.0.0.0/33",
                              "10.0.0.0/-1",
                              "10.0.0.0/8x",
                              "10.0.0/8",
                              "::/129",
                              "10.0.0.0 /8",
                              "10.0.0.0/ 8",
                              "a/8",
                              "10.0.0.256"}) {
        CAPTURE(wrong);
        CHECK_FALSE(address_range::parse(wrong));
    }
}

TEST_CASE("address: the client is the rightmost that no trusted proxy stands for",
          "[net][address]") {
    const auto trusted = ranges({"127.0.0.1", "10.0.0.0/8", "fd00::/8"});
    struct row {
        const char* peer;
        const char* forwarded;
        const char* client;
    };
    const std::vector<row> rows = {
        {"203.0.113.1", "198.51.100.1", "203.0.113.1"},  // nobody trusts the peer
        {"127.0.0.1", "", "127.0.0.1"},
        {"127.0.0.1", "198.51.100.1", "198.51.100.1"},
        {"127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"},  // what the client itself claimed
        {"127.0.0.1", "6.6.6.6, 198.51.100.1, 10.1.1.1", "198.51.100.1"},
        {"127.0.0.1", "6.6.6.6,198.51.100.1 ,\t10.1.1.1 ", "198.51.100.1"},
        {"127.0.0.1", "10.2.2.2, 10.1.1.1", "10.2.2.2"},  // all trusted: the first
        {"::ffff:127.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"},
        {"fd00::1", "2001:db8::1", "2001:db8::1"},
        // Behind what is no address nothing is believed.
        {"127.0.0.1", "198.51.100.1, unknown", "127.0.0.1"},
        {"127.0.0.1", "198.51.100.1, unknown, 10.1.1.1", "10.1.1.1"},
        {"127.0.0.1", "198.51.100.1:4711", "127.0.0.1"},
        {"127.0.0.1", "198.51.100.1,", "127.0.0.1"},
        {"127.0.0.1", ",", "127.0.0.1"},
        {"127.0.0.1", " ", "127.0.0.1"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.peer, row.forwarded);
        CHECK(net::client_address(address(row.peer), row.forwarded, trusted).to_string() ==
              row.client);
    }
    CHECK(net::client_address(address("127.0.0.1"), "198.51.100.1", {}).to_string() == "127.0.0.1");
    std::string chain = "6.6.6.6, 198.51.100.1";
    for (int i = 0; i < 50; ++i) {
        chain += ", 10.0.0." + std::to_string(i);
    }
    CHECK(net::client_address(address("127.0.0.1"), chain, trusted).to_string() == "198.51.100.1");
}

TEST_CASE("address: what an upstream of the API must not reach is refused", "[net][address]") {
    for (const char* text : {"0.0.0.0",
                             "0.255.255.255",
                             "10.0.0.0",
                             "10.255.255.255",
                             "100.64.0.0",
                             "100.127.255.255",
                             "127.0.0.0",
                             "127.255.255.255",
                             "169.254.0.0",
                             "169.254.169.254",
                             "169.254.255.255",
                             "172.16.0.0",
                             "172.31.255.255",
                             "192.0.0.0",
                             "192.0.0.255",
                             "192.168.0.0",
                             "192.168.255.255",
                             "198.18.0.0",
                             "198.19.255.255",
                             "224.0.0.0",
                             "239.255.255.255",
                             "240.0.0.0",
                             "255.255.255.255",
                             "100.100.100.200",
                             "::",
                             "::1",
                             "fc00::",
                             "fd00:ec2::254",
                             "fdff::ffff",
                             "fe80::1",
                             "febf::1",
                             "fec0::1",
                             "feff::1",
                             "ff00::",
                             "ff02::1",
                             "::ffff:10.0.0.1",
                             "::ffff:8.8.8.8",
                             "64:ff9b::808:808",
                             "64:ff9b::a00:1",
                             "64:ff9b:1::1",
                             "2002::1",
                             "2002:a00:1::",
                             "2001::1",
                             "2001:0:ffff::1",
                             "::7f00:1",
                             "::a00:1"}) {
        CAPTURE(text);
        CHECK_FALSE(net::is_public_address(address(text)));
    }
    for (const char* text : {"1.1.1.1",         "8.8.8.8",         "9.255.255.255",
                             "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
                             "126.255.255.255", "128.0.0.0",       "169.253.255.255",
                             "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
                             "192.0.1.0",       "192.167.255.255", "192.169.0.0",
                             "198.17.255.255",  "198.20.0.0",      "223.255.255.255",
                             "2606:4700::1111", "2001:1::1",       "2001:4860:4860::8888",
                             "2003::1",         "fbff::1",         "64:ff9c::1"}) {
        CAPTURE(text);
        CHECK(net::is_public_address(address(text)));
    }
}

TEST_CASE("address: IPv4 inside IPv6 is IPv4", "[net][address]") {
    CHECK(net::unmapped(address("::ffff:192.0.2.1")) == address("192.0.2.1"));
    CHECK(net::unmapped(address("192.0.2.1")) == address("192.0.2.1"));
    CHECK(net::unmapped(address("::192.0.2.1")) == address("::192.0.2.1"));
}
