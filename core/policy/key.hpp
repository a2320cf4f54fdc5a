#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/secret.hpp"

namespace gaia::policy {

// Bits. read: models and own statistics; write: model calls; admin: administration.
enum permission : std::uint8_t { permission_read = 1, permission_write = 2, permission_admin = 4 };

// A gateway key as it is known to the gateway: never the key itself.
struct key_record {
    key_id id;
    organization_id organization;
    user_id user;
    std::string name;
    std::string description;
    std::string prefix;     // "sk-gr-" and the next four characters, to show
    std::string last_four;  // to show
    sha256_digest hash{};   // of the whole key
    std::uint8_t permissions = permission_read | permission_write;
    bool active = true;
    std::optional<unix_micros> expires;
    std::optional<unix_micros> last_used;
    unix_micros created;
    unix_micros updated;
};

// sk-gr- + 32 base62 characters (190 random bits) + 6 base62 characters of CRC-32 over what
// precedes.
secret generate_key();
// True when the text has the form of generate_key() and its checksum is right: a cheap refusal of
// mistyped keys. Preset keys (GAIAROUTER_ADMIN_KEY) have any form and are found by hash all the
// same.
bool has_valid_checksum(std::string_view key) noexcept;
// What is stored and shown of a key.
std::string shown_prefix(std::string_view key);
std::string shown_last_four(std::string_view key);

}  // namespace gaia::policy
