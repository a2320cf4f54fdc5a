#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string_view>
#include <utility>

#include "core/policy/key.hpp"

// A gateway key as the admin API and the command line show it; never the key itself. Shape of the
// canonical admin API.
namespace gaia::admin {

inline constexpr std::pair<std::string_view, policy::permission> permission_names[] = {
    {"read", policy::permission_read},
    {"write", policy::permission_write},
    {"admin", policy::permission_admin}};

boost::json::array describe_permissions(unsigned bits);
boost::json::object describe_key(const policy::key_record& key);
// "active", "inactive" or "expired"
std::string_view key_status(const policy::key_record& key);

}  // namespace gaia::admin
