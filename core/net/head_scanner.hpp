#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/error.hpp"

namespace gaia::net {

struct head_limits {
    std::size_t line = 8 * 1024;
    std::size_t bytes = 32 * 1024;
    std::size_t fields = 100;
};

// Finds the end of a head while it arrives, and refuses bytes that cannot belong to one at once:
// control characters, a bare CR, a bare LF, more than the limits.
class head_scanner {
public:
    enum class verdict : std::uint8_t { more, complete, bad };

    // `buffer` holds everything received since the head began; goes on where it stopped.
    verdict scan(std::string_view buffer, const head_limits& limit) noexcept;
    // Bytes of the head with its empty line, when complete.
    std::size_t size() const noexcept { return scanned_; }
    // bad_framing, target_too_long or head_too_large, when bad.
    errc error() const noexcept { return error_; }
    void reset() noexcept { *this = head_scanner(); }

private:
    std::size_t scanned_ = 0;
    std::size_t line_begin_ = 0;
    std::size_t lines_ = 0;
    errc error_ = errc::bad_framing;
};

}  // namespace gaia::net
