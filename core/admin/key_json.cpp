#include "core/admin/key_json.hpp"

namespace gaia::admin {
namespace {

namespace json = boost::json;

json::value iso_or_null(const std::optional<unix_micros>& when) {
    return when ? json::value(to_iso8601(*when)) : json::value(nullptr);
}

}  // namespace

std::string_view key_status(const policy::key_record& key) {
    if (!key.active) {
        return "inactive";
    }
    return key.expires && *key.expires <= wall_now() ? "expired" : "active";
}

json::array describe_permissions(unsigned bits) {
    json::array permissions;
    for (const auto& [name, bit] : permission_names) {
        if ((bits & bit) != 0) {
            permissions.emplace_back(name);
        }
    }
    return permissions;
}

json::object describe_key(const policy::key_record& key) {
    return {{"id", to_string(key.id)},
            {"object", "api_key"},
            {"organization_id", to_string(key.organization)},
            {"name", key.name},
            {"description", key.description},
            {"key", nullptr},
            {"prefix", key.prefix},
            {"last_four", key.last_four},
            {"permissions", describe_permissions(key.permissions)},
            {"status", key_status(key)},
            {"created_at", to_iso8601(key.created)},
            {"updated_at", to_iso8601(key.updated)},
            {"expires_at", iso_or_null(key.expires)},
            {"last_used_at", iso_or_null(key.last_used)}};
}

}  // namespace gaia::admin
