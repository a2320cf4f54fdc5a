#include "core/net/address.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace gaia::net {
namespace {

std::array<unsigned char, 16> bytes_of(const ip_address& address) noexcept {
    std::array<unsigned char, 16> bytes{};
    if (address.is_v4()) {
        const auto v4 = address.to_v4().to_bytes();
        std::copy(v4.begin(), v4.end(), bytes.begin());
    } else {
        const auto v6 = address.to_v6().to_bytes();
        std::copy(v6.begin(), v6.end(), bytes.begin());
    }
    return bytes;
}

const std::vector<address_range>& refused_ranges() {
    static const std::vector<address_range> ranges = [] {
        std::vector<address_range> made;
        for (const char* text :
             {"0.0.0.0/8",      "10.0.0.0/8",        "100.64.0.0/10",  "127.0.0.0/8",
              "169.254.0.0/16", "172.16.0.0/12",     "192.0.0.0/24",   "192.168.0.0/16",
              "198.18.0.0/15",  "224.0.0.0/4",       "240.0.0.0/4",    "::/96",
              "fc00::/7",       "fe80::/10",         "fec0::/10",      "ff00::/8",
              "::ffff:0:0/96",  "64:ff9b::/96",      "64:ff9b:1::/48", "2002::/16",
              "2001::/32",      "100.100.100.200/32"}) {
            made.push_back(*address_range::parse(text));
        }
        return made;
    }();
    return ranges;
}

}  // namespace

std::optional<address_range> address_range::parse(std::string_view text) {
    const auto slash = text.find('/');
    boost::system::error_code ec;
    address_range range;
    range.base_ = boost::asio::ip::make_address(std::string(text.substr(0, slash)), ec);
    if (ec) {
        return std::nullopt;
    }
    const unsigned bits_max = range.base_.is_v4() ? 32 : 128;
    range.prefix_bits_ = bits_max;
    if (slash != std::string_view::npos) {
        const auto digits = text.substr(slash + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), range.prefix_bits_);
        if (error != std::errc() || end != digits.data() + digits.size() ||
            range.prefix_bits_ > bits_max) {
            return std::nullopt;
        }
    }
    return range;
}

bool address_range::contains(const ip_address& address) const noexcept {
    if (address.is_v4() != base_.is_v4()) {
        return false;
    }
    const auto a = bytes_of(address);
    const auto b = bytes_of(base_);
    const unsigned whole = prefix_bits_ / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) {
        return false;
    }
    const unsigned rest = prefix_bits_ % 8;
    return rest == 0 || (a[whole] >> (8 - rest)) == (b[whole] >> (8 - rest));
}

ip_address unmapped(const ip_address& address) noexcept {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
    }
    return address;
}

ip_address client_address(const ip_address& peer,
                          std::string_view x_forwarded_for,
                          const std::vector<address_range>& trusted) {
    const auto is_trusted = [&trusted](const ip_address& address) {
        return std::any_of(trusted.begin(), trusted.end(), [&](const auto& range) {
            return range.contains(address);
        });
    };
    ip_address address = unmapped(peer);
    while (is_trusted(address) && !x_forwarded_for.empty()) {
        const auto comma = x_forwarded_for.rfind(',');
        auto item =
            comma == std::string_view::npos ? x_forwarded_for : x_forwarded_for.substr(comma + 1);
        x_forwarded_for =
            comma == std::string_view::npos ? std::string_view() : x_forwarded_for.substr(0, comma);
        item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
        item = item.substr(0, item.find_last_not_of(" \t") + 1);
        boost::system::error_code ec;
        const auto parsed = boost::asio::ip::make_address(std::string(item), ec);
        if (ec) {
            break;
        }
        address = unmapped(parsed);
    }
    return address;
}

bool is_public_address(const ip_address& address) noexcept {
    const auto& refused = refused_ranges();
    return std::none_of(
        refused.begin(), refused.end(), [&](const auto& range) { return range.contains(address); });
}

}  // namespace gaia::net
