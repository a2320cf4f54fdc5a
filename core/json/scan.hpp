#pragma once

#include <cstddef>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Skips the bytes of a JSON string that need no attention, 16 at a time. Internal to core/json.
namespace gaia::json {

// The first byte in [at, end) that is a quote, a backslash, a control character or not ASCII; `end`
// when there is none. SSE2 is part of every x86-64; elsewhere the scalar loop does all of it.
inline const char* skip_plain(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
    const auto quote = _mm_set1_epi8('"');
    const auto backslash = _mm_set1_epi8('\\');
    const auto space = _mm_set1_epi8(' ');
    while (end - at >= 16) {
        const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        // Bytes from 0x80 are negative here, so one comparison finds them and the controls.
        const auto special = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
            _mm_cmplt_epi8(bytes, space));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
        if (mask != 0) {
            return at + __builtin_ctz(mask);
        }
        at += 16;
    }
#endif
    while (at != end) {
        const auto byte = static_cast<unsigned char>(*at);
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') {
            break;
        }
        ++at;
    }
    return at;
}

inline bool is_space(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
inline bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// The end (past the quote) of a string that was validated; `at` is past its opening quote.
inline const char* skip_valid_string(const char* at, const char* end) noexcept {
    while (at < end) {
        at = skip_plain(at, end);
        if (at == end || *at == '"') {
            break;
        }
        at += *at == '\\' ? 2 : 1;
    }
    return at < end ? at + 1 : end;
}

}  // namespace gaia::json
