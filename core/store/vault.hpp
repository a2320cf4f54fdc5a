#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/store/database.hpp"

namespace gaia::store {

// Seals secrets for the database with AES-256-GCM: a fresh 96-bit nonce for each, and the table,
// the row and the key's version as additional data, so that a sealed value cannot be moved
// elsewhere. Immutable after construction; any thread.
class vault {
public:
    static constexpr std::int64_t key_version = 1;

    // 32 bytes, else std::invalid_argument.
    explicit vault(secret master_key);

    // nonce, ciphertext, tag
    std::string seal(std::string_view table, std::int64_t row, std::string_view plain) const;
    // Fails with internal when the value was changed, moved or sealed with another key.
    result<secret> open(std::string_view table, std::int64_t row, std::string_view sealed) const;

private:
    secret key_;
};

// 32 bytes written as 64 hexadecimal digits or as base64; nullopt for anything else.
std::optional<secret> parse_master_key(std::string_view text);

// The master key: `given` (GAIAROUTER_MASTER_KEY) when not empty, else the file (0600). When the
// file does not exist it is made with a new key if `may_generate`. Throws std::runtime_error with a
// sentence for the operator.
secret load_master_key(std::string_view given, const std::string& file, bool may_generate);

// True when this database was used with a master key before.
bool has_vault_check(database& db);
// Throws std::runtime_error with a sentence for the operator when the database was used with
// another key. Writes nothing.
void verify_vault(database& db, const vault& keys);
// Remembers the key (a known text sealed with it) when none is remembered yet.
void remember_vault(database& db, const vault& keys);

}  // namespace gaia::store
