#include "core/app/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace gaia::app {
namespace {

constexpr int v4_prefix_bits = 96;

template <class Number>
std::optional<Number> parse_digits(std::string_view text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool signed_text = text.starts_with('-') || text.starts_with('+');
    if (text.empty() || signed_text || error != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return value;
}

bool has_bits_beyond(const address_range& range) {
    for (int bit = range.bits; bit < 128; ++bit) {
        const auto index = static_cast<std::size_t>(bit / 8);
        if ((range.bytes[index] >> (7 - bit % 8) & 1) != 0) {
            return true;
        }
    }
    return false;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

}  // namespace

bool address_range::contains(const address_range& other) const noexcept {
    if (other.bits < bits) {
        return false;
    }
    for (int bit = 0; bit < bits; ++bit) {
        const auto index = static_cast<std::size_t>(bit / 8);
        if (((bytes[index] ^ other.bytes[index]) >> (7 - bit % 8) & 1) != 0) {
            return false;
        }
    }
    return true;
}

std::optional<address_range> parse_address_range(std::string_view text) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string address(text.substr(0, slash));
    address_range range;
    const bool v6 = address.find(':') != std::string::npos;
    if (v6) {
        if (inet_pton(AF_INET6, address.c_str(), range.bytes.data()) != 1) {
            return std::nullopt;
        }
    } else {
        range.bytes[10] = range.bytes[11] = 0xFF;
        if (inet_pton(AF_INET, address.c_str(), range.bytes.data() + 12) != 1) {
            return std::nullopt;
        }
    }
    if (slash < text.size()) {
        const auto length = parse_digits<int>(text.substr(slash + 1));
        if (!length || *length > (v6 ? 128 : 32)) {
            return std::nullopt;
        }
        range.bits = v6 ? *length : *length + v4_prefix_bits;
    }
    if (has_bits_beyond(range)) {
        return std::nullopt;
    }
    return range;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    return parse_digits<std::uint16_t>(text);
}

bool is_host(std::string_view text) {
    if (text.empty() || text.size() > 253) {
        return false;
    }
    if (text.find(':') != text.npos) {
        const auto address = parse_address_range(text);
        return address && address->bits == 128;
    }
    return std::all_of(text.begin(), text.end(), is_name_character) && text.front() != '-' &&
           text.front() != '.';
}

std::optional<listen_address> parse_listen(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos) {
        return std::nullopt;
    }
    std::string_view host = text.substr(0, colon);
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) {
        return std::nullopt;
    }
    if (host.empty()) {
        return listen_address{"0.0.0.0", *port};
    }
    const bool v6 = host.find(':') != host.npos;
    if (host.starts_with('[') && host.ends_with(']') && v6) {
        host = host.substr(1, host.size() - 2);
    } else if (v6) {
        return std::nullopt;  // "::1:8000" could mean two things
    }
    if (!is_host(host)) {
        return std::nullopt;
    }
    return listen_address{std::string(host), *port};
}

bool is_loopback(std::string_view host) {
    if (host.size() == 9 && std::equal(host.begin(), host.end(), "localhost", [](char a, char b) {
            return (a | 0x20) == b;
        })) {
        return true;
    }
    const auto address = parse_address_range(host);
    if (!address || address->bits != 128) {
        return false;
    }
    static const auto v4 = parse_address_range("127.0.0.0/8");
    static const auto v6 = parse_address_range("::1");
    return v4->contains(*address) || v6->contains(*address);
}

std::string to_authority(std::string_view host, std::uint16_t port) {
    const bool v6 = host.find(':') != host.npos;
    std::string text = v6 ? "[" + std::string(host) + "]" : std::string(host);
    return text + ":" + std::to_string(port);
}

}  // namespace gaia::app
