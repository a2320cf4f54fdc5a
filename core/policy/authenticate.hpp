#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/policy/key.hpp"
#include "core/policy/snapshot.hpp"

// From the credential of a request to the key it belongs to. Pure.
namespace gaia::policy {

// The credential headers of one request, as they stand in it.
struct presented_credentials {
    std::string_view authorization;
    std::string_view x_api_key;
    std::string_view api_key;
    std::size_t count = 0;  // of all these headers together, repetitions included

    // Source: header(name) and count_header(name), as net::exchange has them.
    template <class Source>
    static presented_credentials of(const Source& source) {
        return {source.header("authorization"),
                source.header("x-api-key"),
                source.header("api-key"),
                source.count_header("authorization") + source.count_header("x-api-key") +
                    source.count_header("api-key")};
    }
};

// invalid_api_key (none, malformed, unknown), two_credentials, key_disabled, key_expired. A key is
// found by the SHA-256 of the whole text, so time says nothing about how much of it was right.
result<const key_record*> authenticate(const snapshot& known,
                                       const presented_credentials& credentials,
                                       unix_micros now);

// not_allowed unless the key has one of `any_of` (bits of policy::permission).
result<void> require(const key_record& key, unsigned any_of);

}  // namespace gaia::policy
