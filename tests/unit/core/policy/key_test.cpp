#include "core/policy/key.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace policy = gaia::policy;

TEST_CASE("key: a generated key has the form sk-gr- + 38 and a valid checksum", "[policy][key]") {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const auto key = policy::generate_key();
        REQUIRE(key.expose().size() == 44);
        REQUIRE(key.expose().starts_with("sk-gr-"));
        REQUIRE(policy::has_valid_checksum(key.expose()));
        REQUIRE(seen.insert(key.expose()).second);
    }
}

TEST_CASE("key: any changed, missing or added character breaks the checksum", "[policy][key]") {
    const std::string key = policy::generate_key().expose();
    for (std::size_t i = 0; i < key.size(); ++i) {
        std::string wrong = key;
        wrong[i] = wrong[i] == 'x' ? 'y' : 'x';
        CAPTURE(i);
        CHECK_FALSE(policy::has_valid_checksum(wrong));
        CHECK_FALSE(policy::has_valid_checksum(key.substr(0, i)));
    }
    CHECK_FALSE(policy::has_valid_checksum(key + "0"));
    CHECK_FALSE(policy::has_valid_checksum(""));
}

TEST_CASE("key: the checksum is the CRC-32 that zlib computes", "[policy][key]") {
    // crc32("sk-gr-" + 32 times '0') = 0x274267aa, in base 62 most significant digit first.
    CHECK(policy::has_valid_checksum("sk-gr-000000000000000000000000000000000iZgQE"));
    CHECK_FALSE(policy::has_valid_checksum("sk-gr-00000000000000000000000000000000000000"));
}

TEST_CASE("key: what is shown never suffices to guess the key", "[policy][key]") {
    const std::string key = "sk-gr-abcdEFGHijklMNOPqrstUVWXyz012345ABCDEF";
    CHECK(policy::shown_prefix(key) == "sk-gr-abcd");
    CHECK(policy::shown_last_four(key) == "CDEF");
    CHECK(policy::shown_prefix("a-preset-key-of-the-operator-0123456789") == "a-pr");
    CHECK(policy::shown_prefix("short").size() <= 1);
    CHECK(policy::shown_last_four("short").empty());
    CHECK(policy::shown_prefix("").empty());
}
