#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/policy/snapshot.hpp"

namespace gaia::policy {
namespace {

constexpr std::size_t url_bytes_max = 2'048;
constexpr std::size_t host_bytes_max = 253;  // RFC 1035
constexpr std::size_t label_bytes_max = 63;

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return lower;
}

bool is_address(int family, const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return inet_pton(family, text.c_str(), address.data()) == 1;
}

bool is_host_name(const std::string& host) {
    if (host.empty() || host.size() > host_bytes_max) {
        return false;
    }
    std::size_t begin = 0;
    while (begin <= host.size()) {
        const std::size_t end = std::min(host.find('.', begin), host.size());
        const std::string_view label = std::string_view(host).substr(begin, end - begin);
        if (label.empty() || label.size() > label_bytes_max || label.front() == '-' ||
            label.back() == '-') {
            return false;
        }
        for (const char c : label) {
            if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_') {
                return false;
            }
        }
        begin = end + 1;
    }
    // "127.1", "0x7f.1" or "2130706433" mean an address to some resolvers and a name to others:
    // what ends like an address must be one in its usual form.
    const auto tail = host.substr(host.rfind('.') + 1);
    const bool numeric =
        is_digit(tail.front()) &&
        (std::all_of(tail.begin(), tail.end(), is_digit) || tail.starts_with("0x"));
    return !numeric || is_address(AF_INET, host);
}

bool is_path(std::string_view path) {
    static constexpr std::string_view marks = "-._~!$&'()*+,;=:@/";
    for (std::size_t i = 0; i < path.size(); ++i) {
        const char c = path[i];
        if (c == '%') {
            if (i + 2 >= path.size() || !is_hex(path[i + 1]) || !is_hex(path[i + 2])) {
                return false;
            }
            continue;
        }
        if (!is_letter(c) && !is_digit(c) && marks.find(c) == marks.npos) {
            return false;
        }
    }
    // Dot segments would let a path mean another one at the upstream.
    return path.find("/../") == path.npos && path.find("/./") == path.npos &&
           !path.ends_with("/..") && !path.ends_with("/.");
}

}  // namespace

std::string origin::authority() const {
    const bool v6 = host.find(':') != std::string::npos;
    std::string text = v6 ? "[" + host + "]" : host;
    if (port != (tls ? 443 : 80)) {
        text += ':';
        text += std::to_string(port);
    }
    return text;
}

std::optional<origin> parse_origin(std::string_view url) {
    if (url.size() > url_bytes_max) {
        return std::nullopt;
    }
    origin where;
    const std::size_t scheme_end = url.find("://");
    if (scheme_end > 5) {  // none, too
        return std::nullopt;
    }
    const std::string scheme = to_lower(url.substr(0, scheme_end));
    if (scheme != "http" && scheme != "https") {
        return std::nullopt;
    }
    where.tls = scheme == "https";
    where.port = where.tls ? 443 : 80;

    const std::string_view rest = url.substr(scheme_end + 3);
    const std::size_t path_begin = std::min(rest.find('/'), rest.size());
    const std::string_view authority = rest.substr(0, path_begin);
    std::string_view path = rest.substr(path_begin);

    std::string_view after_host;
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == authority.npos) {
            return std::nullopt;
        }
        where.host = to_lower(authority.substr(1, close - 1));
        if (!is_address(AF_INET6, where.host)) {
            return std::nullopt;
        }
        after_host = authority.substr(close + 1);
    } else {
        const std::size_t colon = std::min(authority.find(':'), authority.size());
        where.host = to_lower(authority.substr(0, colon));
        if (!is_host_name(where.host)) {
            return std::nullopt;
        }
        after_host = authority.substr(colon);
    }
    if (!after_host.empty()) {
        if (after_host.front() != ':') {
            return std::nullopt;
        }
        const std::string_view digits = after_host.substr(1);
        const char* const end = digits.data() + digits.size();
        const auto [stop, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), where.port);
        if (digits.empty() || error != std::errc{} || stop != end || where.port == 0) {
            return std::nullopt;
        }
    }

    if (!is_path(path)) {
        return std::nullopt;
    }
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    where.path = path;
    return where;
}

}  // namespace gaia::policy
