#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Addresses as an operator writes them. Text only: nothing is resolved.
namespace gaia::app {

// "10.0.0.0/8", "::1", "192.0.2.1". IPv4 is kept as ::ffff:a.b.c.d, so that both kinds compare.
struct address_range {
    std::array<unsigned char, 16> bytes{};
    int bits = 128;

    bool contains(const address_range& other) const noexcept;
};

// nullopt for what is no address, a length out of range, or bits set beyond the length.
std::optional<address_range> parse_address_range(std::string_view text);

struct listen_address {
    std::string host;  // a name, or an address without brackets
    std::uint16_t port = 0;
};

// "127.0.0.1:8000", "localhost:8000", "[::1]:8000", and ":8000" for every IPv4 address. Port 0 lets
// the system choose. nullopt for anything else.
std::optional<listen_address> parse_listen(std::string_view text);
// Digits, 0..65535.
std::optional<std::uint16_t> parse_port(std::string_view text);
// A name or an address without brackets, as in HOST.
bool is_host(std::string_view text);

// localhost, 127.0.0.0/8, ::1.
bool is_loopback(std::string_view host);
// "host:port", with brackets where IPv6 needs them.
std::string to_authority(std::string_view host, std::uint16_t port);

}  // namespace gaia::app
