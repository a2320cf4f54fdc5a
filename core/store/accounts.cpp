#include "core/store/accounts.hpp"

#include <fmt/format.h>

namespace gaia::store {
namespace {

constexpr std::string_view select_users =
    "SELECT u.id, u.username, u.password_hash, u.active, m.role, u.created_at, u.updated_at"
    " FROM users AS u LEFT JOIN memberships AS m ON m.user_id = u.id AND m.organization_id = 1";

user_record read_user(const statement& row) {
    user_record user;
    user.id = {row.integer(0)};
    user.username = row.text(1);
    user.password_hash = row.text(2);
    user.active = row.integer(3) != 0;
    user.role = row.text(4);
    user.created = {row.integer(5)};
    user.updated = {row.integer(6)};
    return user;
}

}  // namespace

result<bool> needs_owner(database& db) {
    return db.query_integer(
               "SELECT count(*) FROM memberships"
               " WHERE organization_id = 1 AND role = 'owner'") == 0;
}

result<user_record> create_owner(database& db,
                                 std::string_view username,
                                 std::string_view password_hash,
                                 unix_micros now) {
    const auto wanted = needs_owner(db);
    if (!wanted || !*wanted) {
        return fail(errc::conflict, "There is an owner already.");
    }
    auto user = db.prepare(
        "INSERT INTO users (username, password_hash, created_at, updated_at)"
        " VALUES (?1, ?2, ?3, ?3)");
    user.bind(1, username).bind(2, password_hash).bind(3, now.value).run();
    const user_id id{db.last_insert_id()};
    auto member = db.prepare(
        "INSERT INTO memberships (organization_id, user_id, role, created_at)"
        " VALUES (1, ?1, 'owner', ?2)");
    member.bind(1, id.value).bind(2, now.value).run();
    return find_user(db, id);
}

result<std::optional<user_record>> find_user(database& db, std::string_view username) {
    auto query = db.prepare(std::string(select_users) + " WHERE u.username = ?1");
    query.bind(1, username);
    if (!query.step()) {
        return std::optional<user_record>{};
    }
    return std::optional(read_user(query));
}

result<user_record> find_user(database& db, user_id id) {
    auto query = db.prepare(std::string(select_users) + " WHERE u.id = ?1");
    query.bind(1, id.value);
    if (!query.step()) {
        return fail(errc::not_found, fmt::format("There is no user {}.", to_string(id)));
    }
    return read_user(query);
}

result<user_record> set_password(database& db,
                                 user_id id,
                                 std::string_view password_hash,
                                 unix_micros now) {
    auto change = db.prepare("UPDATE users SET password_hash = ?2, updated_at = ?3 WHERE id = ?1");
    change.bind(1, id.value).bind(2, password_hash).bind(3, now.value).run();
    return find_user(db, id);
}

}  // namespace gaia::store
