#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/store/database.hpp"

// Users in the database; see keys.hpp for how operations run.
namespace gaia::store {

struct user_record {
    user_id id;
    std::string username;
    std::string password_hash;  // never leaves the process
    bool active = true;
    std::string role;  // in the default organization; empty: no member
    unix_micros created;
    unix_micros updated;
};

// True while nobody owns the default organization: the first start.
result<bool> needs_owner(database& db);
// Makes the owner of the default organization; conflict when there is one. `password_hash` is
// hash_password()'s, made before, as it takes long.
result<user_record> create_owner(database& db,
                                 std::string_view username,
                                 std::string_view password_hash,
                                 unix_micros now);
// Without regard to case; nullopt when there is none.
result<std::optional<user_record>> find_user(database& db, std::string_view username);
result<user_record> find_user(database& db, user_id id);
result<user_record> set_password(database& db,
                                 user_id id,
                                 std::string_view password_hash,
                                 unix_micros now);

}  // namespace gaia::store
