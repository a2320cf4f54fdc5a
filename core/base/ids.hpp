#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gaia {

// An id that cannot be taken for another kind of id. 0 means none.
template <class Tag>
struct strong_id {
    std::int64_t value = 0;
    friend constexpr auto operator<=>(strong_id, strong_id) = default;
    explicit operator bool() const noexcept { return value != 0; }
};

using key_id = strong_id<struct key_tag>;
using organization_id = strong_id<struct organization_tag>;
using user_id = strong_id<struct user_tag>;
using provider_id = strong_id<struct provider_tag>;
// A request: positive, unique within a data folder and rising with time, so that it serves as the
// row id of its usage row (no further index is needed). Layout: 41 bits of milliseconds since
// 2024-01-01, 22 bits of sequence.
using request_id = strong_id<struct request_tag>;

// Any thread. Unique within the process; unique across restarts as long as the wall clock does not
// go back by more than it ran ahead (ids never fall within one process).
request_id next_request_id() noexcept;

// "req_" + 11 characters of base62, sortable.
std::string to_string(request_id id);
std::optional<request_id> parse_request_id(std::string_view text);

// "ak_" / "org_" / "user_" / "prov_" + decimal, the ids of the admin API.
std::string to_string(key_id id);
std::string to_string(organization_id id);
std::string to_string(user_id id);
std::string to_string(provider_id id);
// Parses `prefix` + decimal; nullopt for anything else.
std::optional<std::int64_t> parse_prefixed_id(std::string_view prefix, std::string_view text);

}  // namespace gaia
