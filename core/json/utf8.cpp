#include "core/json/utf8.hpp"

namespace gaia::json {

std::size_t encode_utf8(std::uint32_t code, char (&bytes)[4]) noexcept {
    const auto put = [&](std::size_t i, std::uint32_t byte) { bytes[i] = static_cast<char>(byte); };
    if (code < 0x80) {
        put(0, code);
        return 1;
    }
    if (code < 0x800) {
        put(0, 0xc0 | (code >> 6));
        put(1, 0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        put(0, 0xe0 | (code >> 12));
        put(1, 0x80 | ((code >> 6) & 0x3f));
        put(2, 0x80 | (code & 0x3f));
        return 3;
    }
    put(0, 0xf0 | (code >> 18));
    put(1, 0x80 | ((code >> 12) & 0x3f));
    put(2, 0x80 | ((code >> 6) & 0x3f));
    put(3, 0x80 | (code & 0x3f));
    return 4;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.size() <= bytes_max) {
        return text;
    }
    std::size_t cut = bytes_max;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0U) == 0x80U) {
        --cut;
    }
    return text.substr(0, cut);
}

}  // namespace gaia::json
