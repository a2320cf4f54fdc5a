#pragma once

#include <string_view>

#include "core/json/peek.hpp"

// Walks a value that peek or validate has accepted, without checking it again and without building
// a document. Cursors point into the text, which must outlive them. On text that was not validated
// they stay within it but may say anything.
namespace gaia::json {

class member_cursor {
public:
    // `object` is the raw text of an object, braces included.
    explicit member_cursor(std::string_view object) noexcept;
    // Moves to the next member; false after the last one.
    bool next() noexcept;
    // The key as it is written, without quotes and with its escapes.
    std::string_view key() const noexcept { return key_; }
    // Compares after decoding escapes.
    bool key_is(std::string_view name) const noexcept;
    kind type() const noexcept { return type_; }
    std::string_view value() const noexcept { return value_; }

private:
    const char* at_;
    const char* end_;
    std::string_view key_;
    std::string_view value_;
    kind type_ = kind::absent;
};

class element_cursor {
public:
    // `array` is the raw text of an array, brackets included.
    explicit element_cursor(std::string_view array) noexcept;
    bool next() noexcept;
    kind type() const noexcept { return type_; }
    std::string_view value() const noexcept { return value_; }

private:
    const char* at_;
    const char* end_;
    std::string_view value_;
    kind type_ = kind::absent;
};

// The kind of a raw value, by its first byte.
kind kind_of(std::string_view raw) noexcept;
// The value of the first member with this key, or an empty view. `object` as for member_cursor.
std::string_view member(std::string_view object, std::string_view key) noexcept;
// True when the string body `raw` (no quotes) decodes to `text`.
bool decodes_to(std::string_view raw, std::string_view text) noexcept;

}  // namespace gaia::json
