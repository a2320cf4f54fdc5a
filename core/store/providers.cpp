#include "core/store/providers.hpp"

#include <fmt/format.h>

namespace gaia::store {
namespace {

constexpr std::string_view credentials = "provider_credentials";
constexpr std::string_view select_providers =
    "SELECT p.id, p.organization_id, p.name, p.vendor, p.base_url, p.enabled,"
    " c.provider_id IS NOT NULL, p.created_at, p.updated_at FROM providers AS p"
    " LEFT JOIN provider_credentials AS c ON c.provider_id = p.id";

provider_record read_provider(const statement& row) {
    provider_record provider;
    provider.id = {row.integer(0)};
    provider.organization = {row.integer(1)};
    provider.name = row.text(2);
    provider.vendor = row.text(3);
    provider.base_url = row.text(4);
    provider.enabled = row.integer(5) != 0;
    provider.has_credential = row.integer(6) != 0;
    provider.created = {row.integer(7)};
    provider.updated = {row.integer(8)};
    return provider;
}

void remove_credential(database& db, provider_id id) {
    auto remove = db.prepare("DELETE FROM provider_credentials WHERE provider_id = ?1");
    remove.bind(1, id.value).run();
}

void put_credential(
    database& db, const vault& keys, provider_id id, const secret& credential, unix_micros now) {
    if (credential.empty()) {
        remove_credential(db, id);
        return;
    }
    const std::string sealed = keys.seal(credentials, id.value, credential.expose());
    auto put = db.prepare(
        "INSERT INTO provider_credentials (provider_id, key_version, sealed, updated_at)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (provider_id)"
        " DO UPDATE SET key_version = ?2, sealed = ?3, updated_at = ?4");
    put.bind(1, id.value).bind(2, vault::key_version).bind_blob(3, sealed).bind(4, now.value).run();
}

}  // namespace

result<provider_record> create_provider(database& db,
                                        const vault& keys,
                                        const new_provider& wanted,
                                        const secret& credential,
                                        unix_micros now) {
    auto insert = db.prepare(
        "INSERT INTO providers (organization_id, name, vendor, base_url, enabled, created_at,"
        " updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)");
    insert.bind(1, wanted.organization.value)
        .bind(2, wanted.name)
        .bind(3, wanted.vendor)
        .bind(4, wanted.base_url)
        .bind(5, std::int64_t{wanted.enabled ? 1 : 0})
        .bind(6, now.value)
        .run();
    const provider_id id{db.last_insert_id()};
    put_credential(db, keys, id, credential, now);
    return find_provider(db, id);
}

result<std::vector<provider_record>> list_providers(database& db) {
    std::vector<provider_record> providers;
    auto query = db.prepare(std::string(select_providers) + " ORDER BY p.id");
    while (query.step()) {
        providers.push_back(read_provider(query));
    }
    return providers;
}

result<provider_record> find_provider(database& db, provider_id id) {
    auto query = db.prepare(std::string(select_providers) + " WHERE p.id = ?1");
    query.bind(1, id.value);
    if (!query.step()) {
        return fail(errc::not_found, fmt::format("There is no provider {}.", to_string(id)));
    }
    return read_provider(query);
}

result<provider_record> update_provider(database& db,
                                        const vault& keys,
                                        provider_id id,
                                        const provider_change& change,
                                        unix_micros now) {
    auto before = find_provider(db, id);
    if (!before) {
        return before.error();
    }
    const std::string name = change.name.value_or(before->name);
    const std::string base_url = change.base_url.value_or(before->base_url);
    auto update = db.prepare(
        "UPDATE providers SET name = ?2, base_url = ?3, enabled = ?4,"
        " updated_at = ?5 WHERE id = ?1");
    update.bind(1, id.value)
        .bind(2, name)
        .bind(3, base_url)
        .bind(4, std::int64_t{change.enabled.value_or(before->enabled) ? 1 : 0})
        .bind(5, now.value)
        .run();
    if (change.credential) {
        put_credential(db, keys, id, *change.credential, now);
    } else if (base_url != before->base_url) {
        remove_credential(db, id);
    }
    return find_provider(db, id);
}

result<void> remove_provider(database& db, provider_id id) {
    auto remove = db.prepare("DELETE FROM providers WHERE id = ?1");
    remove.bind(1, id.value).run();
    if (db.changes() == 0) {
        return fail(errc::not_found, fmt::format("There is no provider {}.", to_string(id)));
    }
    return {};
}

result<secret> provider_credential(database& db, const vault& keys, provider_id id) {
    auto query = db.prepare("SELECT sealed FROM provider_credentials WHERE provider_id = ?1");
    query.bind(1, id.value);
    if (!query.step()) {
        return secret();
    }
    return keys.open(credentials, id.value, query.blob(0));
}

}  // namespace gaia::store
