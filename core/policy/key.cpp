#include "core/policy/key.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace gaia::policy {
namespace {

constexpr std::string_view tag = "sk-gr-";
constexpr std::size_t random_digits = 32;
constexpr std::size_t checksum_digits = 6;  // 62^6 > 2^32
constexpr std::string_view base62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit) {
            rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0xEDB88320U : 0U);
        }
        table[byte] = rest;
    }
    return table;
}

// CRC-32 of IEEE 802.3, as zlib and the secret scanners compute it.
std::uint32_t crc32(std::string_view text) noexcept {
    static constexpr auto table = make_crc_table();
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : text) {
        crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
    }
    return ~crc;
}

std::array<char, checksum_digits> checksum(std::string_view text) noexcept {
    std::array<char, checksum_digits> digits{};
    std::uint32_t rest = crc32(text);
    for (std::size_t i = checksum_digits; i-- > 0; rest /= 62) {
        digits[i] = base62[rest % 62];
    }
    return digits;
}

}  // namespace

secret generate_key() {
    std::string text;
    text.reserve(tag.size() + random_digits + checksum_digits);
    // Wiped by its owner: the random part alone is most of the key.
    const secret random(random_base62(random_digits));
    text.append(tag).append(random.expose());
    const auto sum = checksum(text);
    text.append(sum.data(), sum.size());
    return secret(std::move(text));
}

bool has_valid_checksum(std::string_view key) noexcept {
    if (key.size() != tag.size() + random_digits + checksum_digits || !key.starts_with(tag)) {
        return false;
    }
    for (const char c : key.substr(tag.size())) {
        if (base62.find(c) == std::string_view::npos) {
            return false;
        }
    }
    const auto sum = checksum(key.substr(0, tag.size() + random_digits));
    return key.substr(tag.size() + random_digits) == std::string_view(sum.data(), sum.size());
}

std::string shown_prefix(std::string_view key) {
    // A preset key may be any text: four characters, and never more than a third of it.
    const std::size_t shown = key.starts_with(tag) ? tag.size() + 4 : 4;
    return std::string(key.substr(0, std::min(shown, key.size() / 3)));
}

std::string shown_last_four(std::string_view key) {
    return std::string(key.size() < 16 ? std::string_view{} : key.substr(key.size() - 4));
}

}  // namespace gaia::policy
