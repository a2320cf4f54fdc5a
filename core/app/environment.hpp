#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/policy/snapshot.hpp"

// What the process was started with, as a value, so that all that reads it stays pure.
namespace gaia::app {

class environment {
public:
    environment() = default;
    explicit environment(std::map<std::string, std::string, std::less<>> values)
        : values_(std::move(values)) {}
    // "NAME=value" strings up to a null pointer: the third argument of main.
    static environment from(const char* const* entries);

    // nullptr when it is not set; a variable may be set and empty.
    const std::string* find(std::string_view name) const;
    // nullptr when it is not set or empty, which for settings of this program is the same.
    const std::string* find_filled(std::string_view name) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

// $XDG_DATA_HOME/gaiarouter, ~/.local/share/gaiarouter, or /var/lib/gaiarouter without a home.
std::string default_data_folder(const environment& env);

// True when NO_PROXY's list names the host: "*", an address, a CIDR range, or a name that stands
// for itself and its subdomains; each with an optional ":port". Loopback hosts never take a proxy.
bool bypasses_proxy(std::string_view no_proxy, std::string_view host, std::uint16_t port);

// A proxy as people write it: "http://host:3128", or "host:3128". nullopt for other schemes, a
// path, or credentials, which are not supported.
std::optional<policy::origin> parse_proxy(std::string_view text);

}  // namespace gaia::app
