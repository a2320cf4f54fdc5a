#include "core/base/secret.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

using namespace gaia;

TEST_CASE("secret: leaves nothing where it was moved from", "[base][secret]") {
    secret one("a secret that is longer than what a string keeps in itself");
    secret two(std::move(one));
    CHECK(two.expose().starts_with("a secret"));
    CHECK(one.empty());  // NOLINT(bugprone-use-after-move): that is the point
    secret three("other");
    three = std::move(two);
    CHECK(three.expose().starts_with("a secret"));
    CHECK(two.empty());  // NOLINT(bugprone-use-after-move): likewise
    const secret copy = three;
    three = copy;
    CHECK(three.expose() == copy.expose());
}

TEST_CASE("secret: does not turn into text by itself", "[base][secret]") {
    STATIC_REQUIRE_FALSE(std::is_convertible_v<secret, std::string>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<secret, std::string_view>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, secret>);
}

TEST_CASE("sha256: the vectors of FIPS 180", "[base][secret]") {
    CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(sha256("abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(to_hex(sha256(std::string(1'000'000, 'a'))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("secret: comparing looks at length and every byte", "[base][secret]") {
    CHECK(equal_in_constant_time("", ""));
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
    CHECK_FALSE(equal_in_constant_time("", "a"));
    CHECK_FALSE(equal_in_constant_time(std::string("a\0b", 3), std::string("a\0c", 3)));
}

TEST_CASE("random_base62: all 62 characters, about equally often", "[base][secret]") {
    CHECK(random_base62(0).empty());
    CHECK(random_base62(32).size() == 32);
    CHECK(random_base62(32) != random_base62(32));
    std::map<char, int> seen;
    for (const char c : random_base62(62'000)) {
        ++seen[c];
    }
    CHECK(seen.size() == 62);
    for (const auto& [c, count] : seen) {
        CAPTURE(c);
        CHECK(count > 800);  // 1000 expected, standard deviation 31
        CHECK(count < 1200);
    }
}
