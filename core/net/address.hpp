#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Pure rules about IP addresses: ranges, trusted proxies, what may be dialled.
namespace gaia::net {

using ip_address = boost::asio::ip::address;

// "10.0.0.0/8", "::1", "192.0.2.7".
class address_range {
public:
    static std::optional<address_range> parse(std::string_view text);
    bool contains(const ip_address& address) const noexcept;

private:
    ip_address base_;
    unsigned prefix_bits_ = 0;
};

// Whose address a request is counted under. Without a trusted peer X-Forwarded-For is ignored; with
// one, the rightmost address in it that is not itself a trusted proxy.
ip_address client_address(const ip_address& peer,
                          std::string_view x_forwarded_for,
                          const std::vector<address_range>& trusted);

// False for every address that an upstream entered through the API must not reach: private,
// loopback, link-local, carrier-grade NAT, multicast, reserved, and IPv4 hidden inside IPv6.
bool is_public_address(const ip_address& address) noexcept;

// IPv4 inside IPv6 (::ffff:a.b.c.d) as IPv4.
ip_address unmapped(const ip_address& address) noexcept;

}  // namespace gaia::net
