#pragma once

#include <array>
#include <cstddef>
#include <string_view>

// The characters of a token (RFC 9110, 5.6.2): methods, field names, connection options.
namespace gaia::net {

inline constexpr auto token_table = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "abcdefghijklmnopqrstuvwxyz!#$%&'*+-.^_`|~")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

inline bool is_token_character(char c) noexcept {
    return token_table[static_cast<unsigned char>(c)];
}

inline bool is_token(std::string_view text) noexcept {
    for (const char c : text) {
        if (!is_token_character(c)) {
            return false;
        }
    }
    return !text.empty();
}

}  // namespace gaia::net
