#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Pure.
namespace gaia::json {

// Bytes of the well-formed sequence that starts at `at`, or 0 when it is ill-formed or cut by
// `end`. `at` < `end`.
inline std::size_t utf8_sequence(const char* at, const char* end) noexcept {
    const auto byte = [&](std::ptrdiff_t i) { return static_cast<unsigned char>(at[i]); };
    const auto follows = [&](std::ptrdiff_t i) { return (byte(i) & 0xc0U) == 0x80U; };
    const unsigned lead = byte(0);
    const auto left = end - at;
    if (lead < 0x80U) {
        return 1;
    }
    if (lead >= 0xe0U && lead < 0xf0U) {  // first: most of the world's non-Latin text
        if (left < 3 || !follows(1) || !follows(2)) {
            return 0;
        }
        const bool overlong = lead == 0xe0U && byte(1) < 0xa0U;
        const bool surrogate = lead == 0xedU && byte(1) > 0x9fU;
        return overlong || surrogate ? 0 : 3;
    }
    if (lead >= 0xc2U && lead < 0xe0U) {
        return left >= 2 && follows(1) ? 2 : 0;
    }
    if (lead >= 0xf0U && lead < 0xf5U) {
        if (left < 4 || !follows(1) || !follows(2) || !follows(3)) {
            return 0;
        }
        const bool overlong = lead == 0xf0U && byte(1) < 0x90U;
        const bool beyond = lead == 0xf4U && byte(1) > 0x8fU;
        return overlong || beyond ? 0 : 4;
    }
    return 0;
}

// Writes the 1 to 4 bytes of `code`, which must be a Unicode scalar value, and returns their count.
std::size_t encode_utf8(std::uint32_t code, char (&bytes)[4]) noexcept;

// The longest prefix of `text` that is at most `bytes_max` long and does not cut a sequence.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) noexcept;

}  // namespace gaia::json
