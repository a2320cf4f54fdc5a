#include "core/net/head_scanner.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>

namespace gaia::net {
namespace {

// Steps over ordinary text, sixteen bytes at a time: stops at or before the first control
// character.
std::size_t skip_text(const char* bytes, std::size_t from, std::size_t end) noexcept {
#if defined(__SSE2__)
    const __m128i space = _mm_set1_epi8(0x20);
    const __m128i del = _mm_set1_epi8(0x7F);
    while (from + 16 <= end) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + from));
        // min(byte, 0x20) == 0x20 for every byte that is no control character (unsigned).
        const __m128i plain = _mm_cmpeq_epi8(_mm_min_epu8(block, space), space);
        const __m128i deleted = _mm_cmpeq_epi8(block, del);
        const int ordinary = _mm_movemask_epi8(_mm_andnot_si128(deleted, plain));
        if (ordinary != 0xFFFF) {
            return from +
                   static_cast<std::size_t>(std::countr_one(static_cast<unsigned>(ordinary)));
        }
        from += 16;
    }
#endif
    return from;
}

}  // namespace

head_scanner::verdict head_scanner::scan(std::string_view buffer,
                                         const head_limits& limit) noexcept {
    const auto refuse = [this](errc why) {
        error_ = why;
        return verdict::bad;
    };
    const char* const bytes = buffer.data();
    for (; scanned_ < buffer.size(); ++scanned_) {
        if (lines_ > 0) {
            scanned_ = skip_text(bytes, scanned_, std::min(buffer.size(), limit.bytes));
            if (scanned_ == buffer.size()) {
                break;
            }
        }
        if (scanned_ >= limit.bytes) {
            return refuse(lines_ == 0 ? errc::target_too_long : errc::head_too_large);
        }
        const auto byte = static_cast<unsigned char>(bytes[scanned_]);
        if (byte >= 0x20 && byte != 0x7F) {
            if (lines_ == 0 && scanned_ - line_begin_ >= limit.line) {
                return refuse(errc::target_too_long);
            }
            continue;
        }
        if (byte == '\t' && lines_ > 0) {
            continue;
        }
        if (byte != '\r') {
            return refuse(errc::bad_framing);
        }
        if (scanned_ + 1 == buffer.size()) {
            return verdict::more;  // looks at this CR again, together with what follows it
        }
        if (bytes[scanned_ + 1] != '\n') {
            return refuse(errc::bad_framing);
        }
        const bool empty_line = scanned_ == line_begin_;
        scanned_ += 1;  // the loop steps over the LF
        line_begin_ = scanned_ + 1;
        if (empty_line) {
            if (lines_ == 0) {
                return refuse(errc::bad_framing);
            }
            scanned_ += 1;
            return scanned_ > limit.bytes ? refuse(errc::head_too_large) : verdict::complete;
        }
        // HTTP/0.9 has no version, and no further line would ever come.
        if (lines_ == 0 && buffer.substr(0, line_begin_).find("HTTP/") == std::string_view::npos) {
            return refuse(errc::bad_framing);
        }
        if (++lines_ > limit.fields + 1) {
            return refuse(errc::head_too_large);
        }
    }
    return verdict::more;
}

}  // namespace gaia::net
