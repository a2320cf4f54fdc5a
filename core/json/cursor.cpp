#include "core/json/cursor.hpp"

#include <cstring>

#include "core/json/escape.hpp"
#include "core/json/scan.hpp"

namespace gaia::json {
namespace {

const char* skip_space(const char* at, const char* end) noexcept {
    while (at != end && is_space(*at)) {
        ++at;
    }
    return at;
}

const char* skip_container(const char* at, const char* end) noexcept {
    std::size_t depth = 0;
    while (at != end) {
        switch (*at++) {
            case '"':
                at = skip_valid_string(at, end);
                break;
            case '{':
            case '[':
                ++depth;
                break;
            case '}':
            case ']':
                if (--depth == 0) {
                    return at;
                }
                break;
            default:
                break;
        }
    }
    return end;
}

const char* skip_value(const char* at, const char* end) noexcept {
    if (at == end) {
        return end;
    }
    if (*at == '"') {
        return skip_valid_string(at + 1, end);
    }
    if (*at == '{' || *at == '[') {
        return skip_container(at, end);
    }
    while (at != end && *at != ',' && *at != '}' && *at != ']' && !is_space(*at)) {
        ++at;
    }
    return at;
}

std::string_view between(const char* begin, const char* end) noexcept {
    return {begin, static_cast<std::size_t>(end - begin)};
}

// Past a comma and white space, to the next item; `end` when the container closes here.
const char* next_item(const char* at, const char* end) noexcept {
    at = skip_space(at, end);
    if (at != end && *at == ',') {
        at = skip_space(at + 1, end);
    }
    return at == end || *at == '}' || *at == ']' ? end : at;
}

}  // namespace

kind kind_of(std::string_view raw) noexcept {
    if (raw.empty()) {
        return kind::absent;
    }
    switch (raw.front()) {
        case '{':
            return kind::object;
        case '[':
            return kind::array;
        case '"':
            return kind::string;
        case 't':
        case 'f':
            return kind::boolean;
        case 'n':
            return kind::null;
        default:
            return kind::number;
    }
}

member_cursor::member_cursor(std::string_view object) noexcept
    : at_(object.data()), end_(object.data() + object.size()) {
    if (at_ != end_) {
        ++at_;
    }
}

bool member_cursor::next() noexcept {
    at_ = next_item(at_, end_);
    if (at_ == end_) {
        return false;
    }
    const auto* key_end = skip_valid_string(at_ + 1, end_);
    key_ = key_end - at_ >= 2 ? between(at_ + 1, key_end - 1) : std::string_view{};
    at_ = skip_space(key_end, end_);
    if (at_ != end_) {
        at_ = skip_space(at_ + 1, end_);  // past the colon
    }
    const auto* value_end = skip_value(at_, end_);
    value_ = between(at_, value_end);
    type_ = kind_of(value_);
    // A step forward on every call, so that text that was never validated cannot hold a caller
    // here.
    at_ = value_end == at_ && at_ != end_ ? at_ + 1 : value_end;
    return type_ != kind::absent;
}

bool member_cursor::key_is(std::string_view name) const noexcept {
    if (key_.size() == name.size()) {
        return key_ == name;
    }
    return std::memchr(key_.data(), '\\', key_.size()) != nullptr && decodes_to(key_, name);
}

element_cursor::element_cursor(std::string_view array) noexcept
    : at_(array.data()), end_(array.data() + array.size()) {
    if (at_ != end_) {
        ++at_;
    }
}

bool element_cursor::next() noexcept {
    at_ = next_item(at_, end_);
    if (at_ == end_) {
        return false;
    }
    const auto* value_end = skip_value(at_, end_);
    value_ = between(at_, value_end);
    type_ = kind_of(value_);
    at_ = value_end == at_ ? at_ + 1 : value_end;
    return type_ != kind::absent;
}

std::string_view member(std::string_view object, std::string_view key) noexcept {
    for (member_cursor at(object); at.next();) {
        if (at.key_is(key)) {
            return at.value();
        }
    }
    return {};
}

bool decodes_to(std::string_view raw, std::string_view text) noexcept {
    const char* at = raw.data();
    const char* end = at + raw.size();
    std::size_t matched = 0;
    while (at != end) {
        char bytes[4];
        std::size_t count = 0;
        if (*at == '\\') {
            at = decode_escape(at, end, bytes, count);
        } else {
            bytes[0] = *at++;
            count = 1;
        }
        if (text.size() - matched < count ||
            std::memcmp(text.data() + matched, bytes, count) != 0) {
            return false;
        }
        matched += count;
    }
    return matched == text.size();
}

}  // namespace gaia::json
