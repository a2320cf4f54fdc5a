#include "core/chat/usage.hpp"

namespace gaia::chat {

std::int64_t estimate_tokens(std::string_view text) noexcept {
    std::int64_t ascii = 0;
    std::int64_t others = 0;  // characters, counted by their lead bytes
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        ascii += byte < 0x80 ? 1 : 0;
        others += byte >= 0xc0 ? 1 : 0;
    }
    // ascii / 4 + others / 1.5, rounded up so that a text is never free.
    return (3 * ascii + 8 * others + 11) / 12;
}

}  // namespace gaia::chat
