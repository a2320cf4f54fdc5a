#include "core/wire/sse.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gaia::wire {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
// A drained buffer above this is given back, so that idle streams stay small.
constexpr std::size_t kept_capacity = 4096;

// The first LF or CR in [at, end), or `end`. One scan for both: looking for each by itself would be
// quadratic in a stream that uses only the other.
const char* find_line_end(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
    const auto lf = _mm_set1_epi8('\n');
    const auto cr = _mm_set1_epi8('\r');
    while (end - at >= 16) {
        const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const auto hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, cr));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
        if (mask != 0) {
            return at + __builtin_ctz(mask);
        }
        at += 16;
    }
#endif
    while (at != end && *at != '\n' && *at != '\r') {
        ++at;
    }
    return at;
}

void shrink(std::string& buffer) {
    if (buffer.capacity() > kept_capacity) {
        std::string().swap(buffer);
    } else {
        buffer.clear();
    }
}

}  // namespace

sse_splitter::sse_splitter(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

std::size_t sse_splitter::held() const noexcept {
    return (delivered_ ? 0 : carry_.size()) + input_.size();
}

void sse_splitter::feed(std::string_view bytes) {
    release();
    if (overflown_ || bytes.empty()) {
        return;
    }
    // A caller that feeds before next() returned nullopt loses nothing, at the price of a copy.
    if (!input_.empty() && !hold()) {
        return;
    }
    input_ = bytes;
}

// Forgets the event that was handed out last.
void sse_splitter::release() {
    if (delivered_) {
        delivered_ = false;
        shrink(carry_);
    }
    if (!joined_.empty() && data_lines_ == 0) {
        shrink(joined_);
    }
}

// Moves what is left of the input to carry_.
bool sse_splitter::hold() {
    if (carry_.size() + input_.size() > event_bytes_max_) {
        overflow();
        return false;
    }
    carry_.append(input_);
    input_ = {};
    scanned_ = 0;
    return true;
}

void sse_splitter::overflow() {
    overflown_ = true;
    input_ = {};
    std::string().swap(carry_);
    std::string().swap(joined_);
}

std::optional<sse_event> sse_splitter::next() {
    release();
    if (overflown_ || input_.empty()) {
        return std::nullopt;
    }
    if (cr_) {  // the CR that ended the last feed was the whole line end, or the first half of CR
                // LF
        cr_ = false;
        if (input_.front() == '\n') {
            carry_ += '\n';
            input_.remove_prefix(1);
            line_ = carry_.size();
            crlf_ = true;
        }
        if (blank_cr_) {
            blank_cr_ = false;
            return deliver(carry_.size());
        }
    }
    while (true) {
        const char* begin = input_.data();
        const char* end = begin + input_.size();
        const char* hit = find_line_end(begin + scanned_, end);
        if (hit == end) {
            hold();
            return std::nullopt;
        }
        const bool cr = *hit == '\r';
        const bool crlf = cr && hit + 1 != end && hit[1] == '\n';
        const bool cr_at_end = cr && hit + 1 == end;
        const auto taken = static_cast<std::size_t>(hit - begin) + (crlf ? 2 : 1);
        const std::size_t size = carry_.size() + taken;
        if (size > event_bytes_max_) {
            overflow();
            return std::nullopt;
        }
        if (!carry_.empty()) {
            carry_.append(input_.substr(0, taken));
            input_.remove_prefix(taken);
            scanned_ = 0;
        } else {
            scanned_ = taken;
        }
        const std::size_t line_end = size - (crlf ? 2 : 1);
        std::size_t line_begin = line_;
        if (first_line_) {
            first_line_ = false;
            if (std::string_view(base() + line_, line_end - line_).starts_with(byte_order_mark)) {
                line_begin += byte_order_mark.size();
            }
        }
        if (line_begin != line_end) {
            field({base() + line_begin, line_end - line_begin}, line_begin);
            line_ = size;
            crlf_ = crlf;
            if (cr_at_end) {
                cr_ = true;
                hold();
                return std::nullopt;
            }
            continue;
        }
        if (cr_at_end && crlf_) {
            // Lines of this event end with CR LF: its LF is on the way. Where lines end with a bare
            // CR the event goes out at once, as nothing need follow for a long time.
            cr_ = true;
            blank_cr_ = true;
            line_ = size;
            hold();
            return std::nullopt;
        }
        return deliver(size);
    }
}

std::optional<sse_event> sse_splitter::finish() {
    release();
    if (overflown_) {
        return std::nullopt;
    }
    if (!input_.empty() && !hold()) {
        return std::nullopt;
    }
    if (carry_.empty()) {
        return std::nullopt;
    }
    cr_ = false;
    blank_cr_ = false;
    if (line_ < carry_.size()) {
        std::size_t line_begin = line_;
        if (first_line_ && carry_.starts_with(byte_order_mark)) {
            line_begin += byte_order_mark.size();
        }
        first_line_ = false;
        field(std::string_view(carry_).substr(line_begin), line_begin);
    }
    return deliver(carry_.size());
}

void sse_splitter::field(std::string_view line, std::size_t at) {
    const auto colon = line.find(':');
    const auto field_name = line.substr(0, colon);
    range value{at + line.size(), 0};
    if (colon != std::string_view::npos) {
        const std::size_t skip =
            colon + (colon + 1 < line.size() && line[colon + 1] == ' ' ? 2 : 1);
        value = {at + skip, line.size() - skip};
    }
    const auto text = [&](range r) { return std::string_view(base() + r.at, r.size); };
    if (field_name == "data") {
        if (++data_lines_ == 1) {
            data_ = value;
            return;
        }
        if (data_lines_ == 2) {
            joined_.assign(text(data_));
        }
        joined_ += '\n';
        joined_ += text(value);
    } else if (field_name == "event") {
        name_ = value;
    }
}

// Hands out the first `size` bytes of the current event and starts the next one.
sse_event sse_splitter::deliver(std::size_t size) {
    sse_event event;
    const char* from = base();
    event.raw = {from, size};
    event.has_data = data_lines_ != 0;
    if (data_lines_ == 1) {
        event.data = {from + data_.at, data_.size};
    } else if (data_lines_ > 1) {
        event.data = joined_;
    }
    event.name = {from + name_.at, name_.size};
    if (carry_.empty()) {
        input_.remove_prefix(size);
        scanned_ = 0;
    } else {
        delivered_ = true;
    }
    data_ = {};
    name_ = {};
    data_lines_ = 0;
    line_ = 0;
    crlf_ = false;
    return event;
}

}  // namespace gaia::wire
