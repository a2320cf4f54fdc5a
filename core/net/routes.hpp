#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/exchange.hpp"

namespace gaia::net {

using handler = std::function<awaitable<void>(exchange&)>;

struct route {
    std::string method;   // GET also answers HEAD
    std::string pattern;  // exact path, or a prefix ending in "{rest}" (one or more characters)
    handler handle;
    bool during_drain = false;  // answered while shutting down or over the connection limit
};

// The table of everything the server answers. Filled before the server starts, then read only.
// Paths are compared as they were sent; only the {rest} of a pattern is decoded, once.
class routes {
public:
    void add(route r);

    struct match {
        const route* found = nullptr;  // null: no such path, or not this method
        std::string rest;
        std::string allow;  // methods of the path when it exists
    };
    match find(std::string_view method, std::string_view path) const;
    const std::vector<route>& all() const noexcept { return all_; }

private:
    std::vector<route> all_;
};

// Percent-decoding, strict. nullopt for a malformed escape or a decoded control character.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace gaia::net
