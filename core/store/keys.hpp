#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/policy/key.hpp"
#include "core/store/database.hpp"

// Gateway keys in the database. Operations for store::run() and store::call(); they may throw
// database_error, which the store turns into a failure.
namespace gaia::store {

inline constexpr organization_id default_organization{1};

struct new_key {
    organization_id organization = default_organization;
    user_id user;  // 0: nobody's
    std::string name;
    std::string description;
    std::uint8_t permissions = policy::permission_read | policy::permission_write;
    std::optional<unix_micros> expires;
};

struct created_key {
    policy::key_record record;
    secret key;  // shown once; only its hash is kept
};

result<created_key> create_key(database& db, const new_key& wanted, unix_micros now);
// All of them, revoked ones too, in the order they were made.
result<std::vector<policy::key_record>> list_keys(database& db);
result<policy::key_record> find_key(database& db, key_id id);
// By "ak_12" or by a shown prefix that only one key has; not_found or conflict otherwise.
result<policy::key_record> find_key(database& db, std::string_view id_or_prefix);
// The key stays in the lists and in usage rows, but is active no more. Revoking twice is no error.
result<policy::key_record> revoke_key(database& db, key_id id, unix_micros now);
// The key of GAIAROUTER_ADMIN_KEY: made, or made active again, with all permissions. A former one
// becomes inactive. An empty text makes any former one inactive and returns nullopt.
result<std::optional<policy::key_record>> ensure_preset_admin_key(database& db,
                                                                  std::string_view key,
                                                                  unix_micros now);

}  // namespace gaia::store
