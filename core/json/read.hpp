#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/json/cursor.hpp"

// Reading of validated raw text by kind, without a document: a `value` is a view into the text,
// which must outlive it. Wrong kinds give nothing and never throw.
namespace gaia::json {

class value {
public:
    // The direct items of an array, for range-for. Empty for any other kind.
    class item_range;

    value() = default;  // absent
    explicit value(std::string_view raw) noexcept : raw_(raw), type_(kind_of(raw)) {}

    kind type() const noexcept { return type_; }
    std::string_view raw() const noexcept { return raw_; }
    // Neither absent nor null.
    bool given() const noexcept { return type_ != kind::absent && type_ != kind::null; }
    bool is_text() const noexcept { return type_ == kind::string; }
    bool is_object() const noexcept { return type_ == kind::object; }
    bool is_array() const noexcept { return type_ == kind::array; }
    bool is_number() const noexcept { return type_ == kind::number; }

    // Decoded; empty for any other kind.
    std::string text() const { return is_text() ? to_text(raw_) : std::string(); }
    // A string equal to `name`, without decoding it into memory.
    bool is(std::string_view name) const noexcept;
    // Whole numbers in whatever spelling (12, 12.0, 1.2e1) within 53 bits.
    std::optional<std::int64_t> integer() const noexcept;
    std::optional<bool> boolean() const noexcept;
    // The first member with this key; absent when this is no object or has none.
    value operator[](std::string_view key) const noexcept {
        return is_object() ? value(member(raw_, key)) : value();
    }
    item_range items() const noexcept;
    // For the members of an object; ends at once for any other kind.
    member_cursor members() const noexcept {
        return member_cursor(is_object() ? raw_ : std::string_view("{}"));
    }

private:
    std::string_view raw_;
    kind type_ = kind::absent;
};

class value::item_range {
public:
    class iterator {
    public:
        explicit iterator(std::string_view array) noexcept : at_(array), more_(at_.next()) {}
        value operator*() const noexcept { return value(at_.value()); }
        iterator& operator++() noexcept {
            more_ = at_.next();
            return *this;
        }
        // Only ever compared with the end.
        bool operator!=(std::nullptr_t) const noexcept { return more_; }

    private:
        element_cursor at_;
        bool more_;
    };
    explicit item_range(std::string_view array) noexcept : array_(array) {}
    iterator begin() const noexcept { return iterator(array_); }
    std::nullptr_t end() const noexcept { return nullptr; }

private:
    std::string_view array_;
};

inline value::item_range value::items() const noexcept {
    return item_range(is_array() ? raw_ : std::string_view("[]"));
}

// The key of a member, decoded.
std::string key_text(const member_cursor& at);

// Where a value stands, for messages: a chain on the stack, turned into text
// ("messages[3].content") only when something is wrong. The parents must outlive it.
class path {
public:
    path() = default;
    path(const path& up, std::string_view key) noexcept : up_(&up), key_(key) {}
    path(const path& up, std::size_t index) noexcept : up_(&up), index_(index), indexed_(true) {}
    path(const path&) = delete;
    path& operator=(const path&) = delete;
    ~path() = default;

    std::string text() const;

private:
    const path* up_ = nullptr;
    std::string_view key_;
    std::size_t index_ = 0;
    bool indexed_ = false;
};

}  // namespace gaia::json
