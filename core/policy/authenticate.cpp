#include "core/policy/authenticate.hpp"

#include <string>

namespace gaia::policy {
namespace {

constexpr std::size_t credential_bytes_max = 1024;

failure refused(std::string message) {
    return fail(errc::invalid_api_key, std::move(message));
}

// The scheme's name is case-insensitive (RFC 9110, 11.1).
bool starts_with_bearer(std::string_view text) {
    constexpr std::string_view scheme = "bearer ";
    if (text.size() <= scheme.size()) {
        return false;
    }
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        const char c =
            text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
        if (c != scheme[i]) {
            return false;
        }
    }
    return true;
}

}  // namespace

result<const key_record*> authenticate(const snapshot& known,
                                       const presented_credentials& credentials,
                                       unix_micros now) {
    if (credentials.count == 0) {
        return refused("You did not provide an API key. Send it as 'Authorization: Bearer <key>'.");
    }
    if (credentials.count > 1) {
        return fail(errc::two_credentials);
    }
    std::string_view key =
        credentials.x_api_key.empty() ? credentials.api_key : credentials.x_api_key;
    if (!credentials.authorization.empty()) {
        if (!starts_with_bearer(credentials.authorization)) {
            return refused("The Authorization header must have the form 'Bearer <key>'.");
        }
        key = credentials.authorization.substr(7);
    }
    if (key.empty() || key.size() > credential_bytes_max) {
        return refused({});
    }
    const key_record* const record = known.find_key(sha256(key));
    if (record == nullptr) {
        return refused({});
    }
    if (!record->active) {
        return fail(errc::key_disabled);
    }
    if (record->expires && *record->expires <= now) {
        return fail(errc::key_expired);
    }
    return record;
}

result<void> require(const key_record& key, unsigned any_of) {
    if ((key.permissions & any_of) == 0) {
        return fail(errc::not_allowed);
    }
    return {};
}

}  // namespace gaia::policy
