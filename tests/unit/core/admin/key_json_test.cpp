#include "core/admin/key_json.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <string>

using namespace gaia;

namespace {

policy::key_record record() {
    policy::key_record key;
    key.id = key_id{7};
    key.organization = organization_id{1};
    key.name = "na\"me";
    key.prefix = "sk-gr-abcd";
    key.last_four = "wxyz";
    key.hash = sha256("the key");
    key.permissions = policy::permission_read | policy::permission_admin;
    key.created = unix_micros{0};
    key.updated = unix_micros{1'000'000};
    return key;
}

}  // namespace

TEST_CASE("key json: the members of the admin API, in their order, and not the key", "[admin]") {
    const auto text = boost::json::serialize(admin::describe_key(record()));
    CHECK(
        text ==
        R"({"id":"ak_7","object":"api_key","organization_id":"org_1","name":"na\"me","description":"","key":null,)"
        R"("prefix":"sk-gr-abcd","last_four":"wxyz","permissions":["read","admin"],"status":"active",)"
        R"("created_at":"1970-01-01T00:00:00.000Z","updated_at":"1970-01-01T00:00:01.000Z",)"
        R"("expires_at":null,"last_used_at":null})");
    CHECK(text.find(to_hex(sha256("the key"))) == std::string::npos);
}

TEST_CASE("key json: revoked goes before expired", "[admin]") {
    auto key = record();
    CHECK(admin::key_status(key) == "active");
    key.expires = unix_micros{wall_now().value + 3'600'000'000};
    CHECK(admin::key_status(key) == "active");
    key.expires = unix_micros{1};
    CHECK(admin::key_status(key) == "expired");
    CHECK(admin::describe_key(key).at("expires_at") == "1970-01-01T00:00:00.000Z");
    key.active = false;
    CHECK(admin::key_status(key) == "inactive");
}

TEST_CASE("key json: each permission has its name", "[admin]") {
    CHECK(boost::json::serialize(admin::describe_permissions(0)) == "[]");
    CHECK(boost::json::serialize(admin::describe_permissions(7)) == R"(["read","write","admin"])");
    CHECK(boost::json::serialize(admin::describe_permissions(policy::permission_write)) ==
          R"(["write"])");
}
