#pragma once

#include <cstddef>
#include <cstdint>

// Decodes one escape of a validated JSON string. Internal to core/json.
namespace gaia::json {

inline int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

// `at` stands on the backslash. Writes 1 to 4 bytes of UTF-8 and returns what follows the escape.
// A lone surrogate becomes U+FFFD, which is what JavaScript's encoder makes of it.
const char* decode_escape(const char* at,
                          const char* end,
                          char (&bytes)[4],
                          std::size_t& count) noexcept;

}  // namespace gaia::json
