#include "core/store/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gaia::store {
namespace {

constexpr std::string_view select_keys =
    "SELECT id, organization_id, user_id, name, description, prefix, last_four, hash, permissions,"
    " active, expires_at, last_used_at, created_at, updated_at FROM api_keys";

constexpr std::string_view insert_key =
    "INSERT INTO api_keys (organization_id, user_id, name, description, prefix, last_four, hash,"
    " permissions, preset, expires_at, created_at, updated_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)";

std::optional<unix_micros> time_of(std::optional<std::int64_t> micros) {
    return micros ? std::optional(unix_micros{*micros}) : std::nullopt;
}

std::string_view view(const sha256_digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

policy::key_record read_key(const statement& row) {
    policy::key_record key;
    key.id = {row.integer(0)};
    key.organization = {row.integer(1)};
    key.user = {row.maybe_integer(2).value_or(0)};
    key.name = row.text(3);
    key.description = row.text(4);
    key.prefix = row.text(5);
    key.last_four = row.text(6);
    const auto hash = row.blob(7);
    std::copy_n(hash.begin(), std::min(hash.size(), key.hash.size()), key.hash.begin());
    key.permissions = static_cast<std::uint8_t>(row.integer(8));
    key.active = row.integer(9) != 0;
    key.expires = time_of(row.maybe_integer(10));
    key.last_used = time_of(row.maybe_integer(11));
    key.created = {row.integer(12)};
    key.updated = {row.integer(13)};
    return key;
}

key_id insert(
    database& db, const new_key& wanted, std::string_view text, bool preset, unix_micros now) {
    const std::string prefix = policy::shown_prefix(text);
    const std::string last_four = policy::shown_last_four(text);
    const sha256_digest hash = sha256(text);
    auto row = db.prepare(insert_key);
    row.bind(1, wanted.organization.value)
        .bind(2, wanted.user ? std::optional(wanted.user.value) : std::nullopt)
        .bind(3, wanted.name)
        .bind(4, wanted.description)
        .bind(5, prefix)
        .bind(6, last_four)
        .bind_blob(7, view(hash))
        .bind(8, std::int64_t{wanted.permissions})
        .bind(9, std::int64_t{preset ? 1 : 0})
        .bind(10, wanted.expires ? std::optional(wanted.expires->value) : std::nullopt)
        .bind(11, now.value)
        .run();
    return {db.last_insert_id()};
}

}  // namespace

result<created_key> create_key(database& db, const new_key& wanted, unix_micros now) {
    if (wanted.name.empty()) {
        return fail(errc::validation_failed, "A key needs a name.", "name");
    }
    secret key = policy::generate_key();
    const key_id id = insert(db, wanted, key.expose(), false, now);
    auto record = find_key(db, id);
    if (!record) {
        return record.error();
    }
    created_key made;
    made.record = *std::move(record);
    made.key = std::move(key);
    return made;
}

result<std::vector<policy::key_record>> list_keys(database& db) {
    std::vector<policy::key_record> keys;
    auto query = db.prepare(std::string(select_keys) + " ORDER BY id");
    while (query.step()) {
        keys.push_back(read_key(query));
    }
    return keys;
}

result<policy::key_record> find_key(database& db, key_id id) {
    auto query = db.prepare(std::string(select_keys) + " WHERE id = ?1");
    query.bind(1, id.value);
    if (!query.step()) {
        return fail(errc::not_found, fmt::format("There is no key {}.", to_string(id)));
    }
    return read_key(query);
}

result<policy::key_record> find_key(database& db, std::string_view id_or_prefix) {
    if (const auto id = parse_prefixed_id("ak_", id_or_prefix)) {
        return find_key(db, key_id{*id});
    }
    auto query = db.prepare(std::string(select_keys) + " WHERE prefix = ?1 AND ?1 <> '' LIMIT 2");
    query.bind(1, id_or_prefix);
    if (!query.step()) {
        return fail(errc::not_found, "There is no such key.");
    }
    policy::key_record key = read_key(query);
    if (query.step()) {
        return fail(errc::conflict, "Several keys begin like that: name one by its id (ak_...).");
    }
    return key;
}

result<policy::key_record> revoke_key(database& db, key_id id, unix_micros now) {
    auto change =
        db.prepare("UPDATE api_keys SET active = 0, updated_at = ?2 WHERE id = ?1 AND active = 1");
    change.bind(1, id.value).bind(2, now.value).run();
    return find_key(db, id);
}

result<std::optional<policy::key_record>> ensure_preset_admin_key(database& db,
                                                                  std::string_view key,
                                                                  unix_micros now) {
    const sha256_digest hash = sha256(key);
    auto retire = db.prepare(
        "UPDATE api_keys SET active = 0, updated_at = ?2"
        " WHERE preset = 1 AND active = 1 AND hash <> ?1");
    retire.bind_blob(1, view(hash)).bind(2, now.value).run();
    if (key.empty()) {
        return std::optional<policy::key_record>{};
    }
    const std::uint8_t all =
        policy::permission_read | policy::permission_write | policy::permission_admin;
    std::int64_t id = 0;
    {
        auto query = db.prepare("SELECT id FROM api_keys WHERE hash = ?1");
        query.bind_blob(1, view(hash));
        id = query.step() ? query.integer(0) : 0;
    }
    if (id == 0) {
        new_key wanted;
        wanted.name = "Preset admin key";
        wanted.permissions = all;
        id = insert(db, wanted, key, true, now).value;
    } else {
        auto revive = db.prepare(
            "UPDATE api_keys SET active = 1, preset = 1, permissions = ?2, expires_at = NULL,"
            " updated_at = ?3 WHERE id = ?1 AND (active = 0 OR preset = 0 OR permissions <> ?2"
            " OR expires_at IS NOT NULL)");
        revive.bind(1, id).bind(2, std::int64_t{all}).bind(3, now.value).run();
    }
    auto record = find_key(db, key_id{id});
    if (!record) {
        return record.error();
    }
    return std::optional(*std::move(record));
}

}  // namespace gaia::store
