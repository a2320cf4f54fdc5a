#include "core/app/environment.hpp"

#include <algorithm>

#include "core/app/address.hpp"
#include "core/app/provider_rules.hpp"

namespace gaia::app {
namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

bool names_host(std::string_view entry, const std::string& host, std::uint16_t port) {
    if (entry == "*") {
        return true;
    }
    const auto address = parse_address_range(host);
    if (address) {
        const auto range = parse_address_range(entry);
        return range && range->contains(*address);
    }
    const std::size_t colon = entry.rfind(':');
    if (colon != entry.npos) {
        if (entry.substr(colon + 1) != std::to_string(port)) {
            return false;
        }
        entry = entry.substr(0, colon);
    }
    while (entry.starts_with('.') || entry.starts_with('*')) {
        entry.remove_prefix(1);
    }
    const std::string name = to_lower(entry);
    if (name.empty() || !host.ends_with(name)) {
        return false;
    }
    return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

}  // namespace

environment environment::from(const char* const* entries) {
    environment env;
    for (; entries != nullptr && *entries != nullptr; ++entries) {
        const std::string_view entry(*entries);
        const std::size_t equals = entry.find('=');
        if (equals != entry.npos) {
            env.values_.emplace(entry.substr(0, equals), entry.substr(equals + 1));
        }
    }
    return env;
}

const std::string* environment::find(std::string_view name) const {
    const auto at = values_.find(name);
    return at == values_.end() ? nullptr : &at->second;
}

const std::string* environment::find_filled(std::string_view name) const {
    const std::string* const value = find(name);
    return value != nullptr && !value->empty() ? value : nullptr;
}

std::string default_data_folder(const environment& env) {
    // The base directory specification ignores relative values of its variables.
    const std::string* const data_home = env.find_filled("XDG_DATA_HOME");
    if (data_home != nullptr && data_home->starts_with('/')) {
        return *data_home + "/gaiarouter";
    }
    const std::string* const home = env.find_filled("HOME");
    if (home != nullptr && home->starts_with('/') && *home != "/") {
        return *home + "/.local/share/gaiarouter";
    }
    return "/var/lib/gaiarouter";
}

bool bypasses_proxy(std::string_view no_proxy, std::string_view host, std::uint16_t port) {
    if (is_loopback(host)) {
        return true;
    }
    const std::string name = to_lower(host);
    while (!no_proxy.empty()) {
        const std::size_t comma = std::min(no_proxy.find(','), no_proxy.size());
        const std::string_view entry = trim(no_proxy.substr(0, comma));
        if (!entry.empty() && names_host(entry, name, port)) {
            return true;
        }
        no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
    }
    return false;
}

std::optional<policy::origin> parse_proxy(std::string_view text) {
    const std::string url =
        text.find("://") == text.npos ? "http://" + std::string(text) : std::string(text);
    auto where = policy::parse_origin(url);
    if (!where || where->tls || !where->path.empty()) {
        return std::nullopt;
    }
    return where;
}

}  // namespace gaia::app
