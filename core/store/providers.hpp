#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/base/secret.hpp"
#include "core/store/database.hpp"
#include "core/store/vault.hpp"

// Providers entered through the API (those of the configuration are never here); see keys.hpp for
// how operations run. A credential is sealed by the vault before it touches the database.
namespace gaia::store {

struct provider_record {
    provider_id id;
    organization_id organization{1};
    std::string name;
    std::string vendor;
    std::string base_url;  // empty: the vendor's
    bool enabled = true;
    bool has_credential = false;
    unix_micros created;
    unix_micros updated;
};

struct new_provider {
    organization_id organization{1};
    std::string name;
    std::string vendor;
    std::string base_url;
    bool enabled = true;
};

// nullopt leaves a field as it is. A new base URL without a new credential removes the old one: who
// may change the address must not thereby learn the key.
struct provider_change {
    std::optional<std::string> name;
    std::optional<std::string> base_url;
    std::optional<bool> enabled;
    std::optional<secret> credential;  // an empty one removes it
};

result<provider_record> create_provider(database& db,
                                        const vault& keys,
                                        const new_provider& wanted,
                                        const secret& credential,
                                        unix_micros now);
result<std::vector<provider_record>> list_providers(database& db);
result<provider_record> find_provider(database& db, provider_id id);
result<provider_record> update_provider(database& db,
                                        const vault& keys,
                                        provider_id id,
                                        const provider_change& change,
                                        unix_micros now);
result<void> remove_provider(database& db, provider_id id);
// An empty secret when there is none.
result<secret> provider_credential(database& db, const vault& keys, provider_id id);

}  // namespace gaia::store
