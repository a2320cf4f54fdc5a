#include "core/policy/authenticate.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace gaia;

namespace {

constexpr unix_micros now{1'000'000};

policy::key_record record(std::int64_t id, std::string_view key) {
    policy::key_record made;
    made.id = key_id{id};
    made.hash = sha256(key);
    return made;
}

const policy::snapshot& known() {
    static const policy::snapshot one = [] {
        std::vector<policy::key_record> keys{record(1, "sk-gr-good"),
                                             record(2, "sk-gr-revoked"),
                                             record(3, "sk-gr-old"),
                                             record(4, "sk-gr-still"),
                                             record(5, "with space")};
        keys[1].active = false;
        keys[2].expires = now;
        keys[3].expires = unix_micros{now.value + 1};
        return policy::snapshot(std::move(keys), {}, {}, {});
    }();
    return one;
}

// As the fields of a head: name and value.
struct headers {
    std::vector<std::pair<std::string, std::string>> all;
    std::string_view header(std::string_view name) const {
        for (const auto& [n, value] : all) {
            if (n == name) {
                return value;
            }
        }
        return {};
    }
    std::size_t count_header(std::string_view name) const {
        std::size_t count = 0;
        for (const auto& [n, value] : all) {
            count += n == name ? 1 : 0;
        }
        return count;
    }
};

std::string outcome(const headers& sent) {
    const auto key = policy::authenticate(known(), policy::presented_credentials::of(sent), now);
    return key ? to_string((*key)->id) : std::string(info(key.error().what).metric);
}

}  // namespace

TEST_CASE("authenticate: each way of sending a key, and each way of getting it wrong",
          "[policy][auth]") {
    const std::pair<headers, const char*> rows[] = {
        {{{{"authorization", "Bearer sk-gr-good"}}}, "ak_1"},
        {{{{"authorization", "bearer sk-gr-good"}}}, "ak_1"},
        {{{{"authorization", "BEARER sk-gr-good"}}}, "ak_1"},
        {{{{"x-api-key", "sk-gr-good"}}}, "ak_1"},
        {{{{"api-key", "sk-gr-good"}}}, "ak_1"},
        {{{{"authorization", "Bearer with space"}}}, "ak_5"},  // preset keys have any form
        {{{{"authorization", "Bearer sk-gr-still"}}}, "ak_4"},
        {{{{"authorization", "Bearer sk-gr-revoked"}}}, "key_disabled"},
        {{{{"authorization", "Bearer sk-gr-old"}}}, "key_expired"},
        {{{}}, "invalid_api_key"},
        {{{{"authorization", ""}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer"}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer "}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer  sk-gr-good"}}}, "invalid_api_key"},
        {{{{"authorization", "sk-gr-good"}}}, "invalid_api_key"},
        {{{{"authorization", "Basic c2stZ3ItZ29vZA=="}}}, "invalid_api_key"},
        {{{{"authorization", "Bearersk-gr-good"}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer sk-gr-goo"}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer sk-gr-good "}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer good"}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer ' OR 1=1 --"}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer " + std::string(100'000, 'a')}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer \xff\xfe"}}}, "invalid_api_key"},
        {{{{"x-api-key", ""}}}, "invalid_api_key"},
        {{{{"x-api-key", "Bearer sk-gr-good"}}}, "invalid_api_key"},
        {{{{"authorization", "Bearer sk-gr-good"}, {"authorization", "Bearer sk-gr-good"}}},
         "two_credentials"},
        {{{{"authorization", "Bearer sk-gr-good"}, {"x-api-key", "sk-gr-good"}}},
         "two_credentials"},
        {{{{"x-api-key", ""}, {"api-key", "sk-gr-good"}}}, "two_credentials"},
    };
    for (const auto& [sent, expected] : rows) {
        CAPTURE(sent.header("authorization").substr(0, 60), sent.header("x-api-key"));
        CHECK(outcome(sent) == expected);
    }
}

TEST_CASE("authenticate: the hash of a key is no key", "[policy][auth]") {
    const auto hash = to_hex(sha256("sk-gr-good"));
    CHECK(outcome({{{"authorization", "Bearer " + hash}}}) == "invalid_api_key");
    const auto raw = sha256("sk-gr-good");
    CHECK(outcome({{{"x-api-key", std::string(raw.begin(), raw.end())}}}) == "invalid_api_key");
}

TEST_CASE("authenticate: one of the permissions asked for is enough, and one is needed",
          "[policy][auth]") {
    auto key = record(1, "k");
    key.permissions = policy::permission_write;
    CHECK(policy::require(key, policy::permission_write).has_value());
    CHECK(policy::require(key, policy::permission_write | policy::permission_admin).has_value());
    CHECK(policy::require(key, policy::permission_read).error().what == errc::not_allowed);
    key.permissions = 0;
    CHECK(policy::require(key, 7).error().what == errc::not_allowed);
}
