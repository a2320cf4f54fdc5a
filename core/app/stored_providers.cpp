#include "core/app/stored_providers.hpp"

#include <algorithm>

namespace gaia::app {

std::optional<policy::provider> make_stored_provider(const admin::stored_provider& from,
                                                     const configuration& config,
                                                     const vendor_port& vendors) {
    const auto* facts = vendors.find(from.row.vendor);
    const bool taken = std::any_of(
        config.providers.begin(), config.providers.end(), [&](const policy::provider& p) {
            return p.name == from.row.name;
        });
    if (!from.row.enabled || facts == nullptr || taken) {
        return std::nullopt;
    }
    const auto where =
        policy::parse_origin(from.row.base_url.empty() ? facts->base_url : from.row.base_url);
    if (!where) {
        return std::nullopt;
    }
    policy::provider made;
    made.id = from.row.id;
    made.name = from.row.name;
    made.vendor = facts->id;
    made.dialect = facts->dialect;
    made.where = *where;
    made.trusted_address = false;
    made.api_key = from.credential;
    made.auth = from.credential.empty() ? policy::auth_style::none : facts->auth;
    made.quirks = facts->quirks;
    made.timeouts = config.upstream;
    return made;
}

}  // namespace gaia::app
