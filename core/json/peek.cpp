#include "core/json/peek.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "core/json/cursor.hpp"
#include "core/json/escape.hpp"
#include "core/json/scan.hpp"
#include "core/json/utf8.hpp"

namespace gaia::json {
namespace {

constexpr std::size_t depth_max = 1024;

// One validating pass. Iterative: open containers are bits (set: object), so a hostile depth costs
// neither stack nor heap.
class scanner {
public:
    scanner(std::string_view text,
            std::span<const std::string_view> keys,
            std::span<found> out,
            const limits& limit)
        : begin_(text.data()),
          end_(text.data() + text.size()),
          at_(text.data()),
          keys_(keys),
          out_(out),
          depth_limit_(std::min(limit.depth, depth_max)),
          digits_limit_(limit.number_digits) {}

    peek_result run();

private:
    bool fail(problem what) noexcept {
        what_ = what;
        return false;
    }
    bool cut_or(problem what) noexcept { return fail(at_ == end_ ? problem::truncated : what); }
    void skip_space() noexcept {
        while (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ' && is_space(*at_)) {
            ++at_;
        }
    }
    bool open(bool object) noexcept;
    bool document() noexcept;
    bool scalar() noexcept;
    bool key() noexcept;
    bool string() noexcept;
    bool utf8() noexcept;
    bool escape() noexcept;
    bool number() noexcept;
    bool literal(std::string_view word) noexcept;
    void choose(std::string_view raw) noexcept;
    void note_begin() noexcept;
    void note_end() noexcept;

    const char* begin_;
    const char* end_;
    const char* at_;
    std::span<const std::string_view> keys_;
    std::span<found> out_;
    std::size_t depth_limit_;
    std::size_t digits_limit_;
    std::size_t depth_ = 0;
    problem what_ = problem::none;
    found* slot_ = nullptr;  // of the chosen member whose value is being read
    std::array<std::uint64_t, depth_max / 64> objects_;
};

peek_result scanner::run() {
    skip_space();
    if (at_ == end_) {
        return {problem::empty, static_cast<std::size_t>(at_ - begin_)};
    }
    const bool object = *at_ == '{';
    const auto start = static_cast<std::size_t>(at_ - begin_);
    if (document()) {
        skip_space();
        if (at_ != end_) {
            what_ = problem::trailing;
        } else if (!object && !keys_.empty()) {
            return {problem::not_an_object, start};
        }
    }
    return {what_, static_cast<std::size_t>(at_ - begin_)};
}

bool scanner::open(bool object) noexcept {
    if (depth_ >= depth_limit_) {
        return fail(problem::too_deep);
    }
    auto& word = objects_[depth_ / 64];
    const auto bit = std::uint64_t{1} << (depth_ % 64);
    word = object ? word | bit : word & ~bit;
    ++depth_;
    ++at_;
    return true;
}

bool scanner::document() noexcept {
    const auto in_object = [&] {
        return (objects_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1U) != 0;
    };
    while (true) {
        // A value is due.
        skip_space();
        if (at_ == end_) {
            return fail(problem::truncated);
        }
        if (slot_ != nullptr) {
            if (depth_ == 1) {
                note_begin();
            } else if (depth_ == 2) {
                ++slot_->items;
                slot_->only_objects = slot_->only_objects && *at_ == '{';
            }
        }
        const char first = *at_;
        bool closes = false;
        if (first == '{' || first == '[') {
            if (!open(first == '{')) {
                return false;
            }
            skip_space();
            closes = at_ != end_ && *at_ == (first == '{' ? '}' : ']');
            if (!closes) {
                if (first == '{' && !key()) {
                    return false;
                }
                continue;
            }
        } else if (!scalar()) {
            return false;
        }
        // A value has ended, or a container that is empty closes.
        while (true) {
            if (closes) {
                ++at_;
                --depth_;
            }
            if (depth_ == 0) {
                return true;
            }
            if (slot_ != nullptr && depth_ == 1) {
                note_end();
            }
            skip_space();
            if (at_ == end_) {
                return fail(problem::truncated);
            }
            const bool object = in_object();
            if (*at_ == ',') {
                ++at_;
                if (object) {
                    skip_space();
                    if (!key()) {
                        return false;
                    }
                }
                break;
            }
            if (*at_ != (object ? '}' : ']')) {
                return fail(problem::syntax);
            }
            closes = true;
        }
    }
}

bool scanner::scalar() noexcept {
    switch (*at_) {
        case '"':
            ++at_;
            return string();
        case 't':
            return literal("true");
        case 'f':
            return literal("false");
        case 'n':
            return literal("null");
        default:
            return number();
    }
}

// A key and its colon.
bool scanner::key() noexcept {
    if (at_ == end_ || *at_ != '"') {
        return cut_or(problem::syntax);
    }
    const char* start = ++at_;
    if (!string()) {
        return false;
    }
    if (depth_ == 1 && !keys_.empty()) {
        choose({start, static_cast<std::size_t>(at_ - 1 - start)});
        if (what_ != problem::none) {
            return false;
        }
    }
    skip_space();
    if (at_ == end_ || *at_ != ':') {
        return cut_or(problem::syntax);
    }
    ++at_;
    return true;
}

void scanner::choose(std::string_view raw) noexcept {
    const bool escaped = std::memchr(raw.data(), '\\', raw.size()) != nullptr;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (escaped ? decodes_to(raw, keys_[i]) : raw == keys_[i]) {
            if (out_[i]) {
                what_ = problem::duplicate_key;
                return;
            }
            slot_ = &out_[i];
            return;
        }
    }
}

void scanner::note_begin() noexcept {
    slot_->begin = static_cast<std::size_t>(at_ - begin_);
    slot_->type = kind_of({at_, 1});
}

void scanner::note_end() noexcept {
    slot_->end = static_cast<std::size_t>(at_ - begin_);
    slot_ = nullptr;
}

// Past the opening quote; ends past the closing one.
bool scanner::string() noexcept {
    while (true) {
        at_ = skip_plain(at_, end_);
        if (at_ == end_) {
            return fail(problem::truncated);
        }
        if (*at_ == '"') {
            ++at_;
            return true;
        }
        if (*at_ == '\\') {
            if (!escape()) {
                return false;
            }
            continue;
        }
        if (static_cast<unsigned char>(*at_) < 0x20) {
            return fail(problem::control_character);
        }
        if (!utf8()) {
            return false;
        }
    }
}

// A run of bytes that are not ASCII.
bool scanner::utf8() noexcept {
    do {
        // Three bytes whose lead is neither E0 nor ED have no exceptions to look for: the case of
        // most scripts, three comparisons a character.
        while (end_ - at_ >= 3) {
            const auto lead = static_cast<unsigned char>(at_[0]);
            const auto second = static_cast<unsigned char>(at_[1]);
            const auto third = static_cast<unsigned char>(at_[2]);
            const unsigned shape =
                (lead ^ 0xe0U) | (((second & 0xc0U) ^ 0x80U) | ((third & 0xc0U) ^ 0x80U));
            if ((shape & 0xf0U) != 0 || lead == 0xe0U || lead == 0xedU) {
                break;
            }
            at_ += 3;
        }
        if (at_ == end_ || static_cast<unsigned char>(*at_) < 0x80) {
            return true;
        }
        const auto length = utf8_sequence(at_, end_);
        if (length == 0) {
            return fail(problem::bad_utf8);
        }
        at_ += length;
    } while (at_ != end_ && static_cast<unsigned char>(*at_) >= 0x80);
    return true;
}

bool scanner::escape() noexcept {
    if (++at_ == end_) {
        return fail(problem::truncated);
    }
    switch (*at_) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            ++at_;
            return true;
        case 'u':
            break;
        default:
            return fail(problem::bad_escape);
    }
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_) {
        if (at_ == end_ || hex_digit(*at_) < 0) {
            return cut_or(problem::bad_escape);
        }
    }
    return true;
}

bool scanner::number() noexcept {
    const char* start = at_;
    const auto digits = [&] {
        const char* from = at_;
        while (at_ != end_ && is_digit(*at_)) {
            ++at_;
        }
        return at_ != from;
    };
    if (*at_ == '-') {
        ++at_;
    }
    if (at_ != end_ && *at_ == '0') {
        ++at_;
    } else if (!digits()) {
        return cut_or(problem::syntax);
    }
    if (at_ != end_ && *at_ == '.') {
        ++at_;
        if (!digits()) {
            return cut_or(problem::syntax);
        }
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
        ++at_;
        const bool negative = at_ != end_ && *at_ == '-';
        if (at_ != end_ && (*at_ == '-' || *at_ == '+')) {
            ++at_;
        }
        const char* exponent = at_;
        if (!digits()) {
            return cut_or(problem::syntax);
        }
        // What no double holds becomes infinity in one reader and an error in the next.
        int value = 0;
        for (; exponent != at_ && value <= 9999; ++exponent) {
            value = value * 10 + (*exponent - '0');
        }
        if (value > (negative ? 9999 : 308)) {
            return fail(problem::number_too_long);
        }
    }
    if (static_cast<std::size_t>(at_ - start) > digits_limit_) {
        return fail(problem::number_too_long);
    }
    return true;
}

bool scanner::literal(std::string_view word) noexcept {
    for (const char c : word) {
        if (at_ == end_ || *at_ != c) {
            return cut_or(problem::syntax);
        }
        ++at_;
    }
    return true;
}

}  // namespace

peek_result peek(std::string_view text,
                 std::span<const std::string_view> keys,
                 std::span<found> out,
                 const limits& limit) {
    assert(keys.size() == out.size());
    std::fill(out.begin(), out.end(), found{});
    return scanner(text, keys, out, limit).run();
}

peek_result validate(std::string_view text, const limits& limit) {
    return scanner(text, {}, {}, limit).run();
}

}  // namespace gaia::json
