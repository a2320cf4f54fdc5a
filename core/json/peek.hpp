#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// One pass over raw JSON bytes, without building a document: the whole text is validated (RFC 8259
// and well-formed UTF-8) and the places of chosen top-level members are noted. Pure, no allocation.
namespace gaia::json {

enum class kind : std::uint8_t { absent, null, boolean, number, string, array, object };

// Where a value stands in the text it was found in; quotes and brackets included.
struct found {
    kind type = kind::absent;
    bool only_objects = true;  // no direct item is anything but an object
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t items = 0;  // direct items of an array or members of an object

    explicit operator bool() const noexcept { return type != kind::absent; }
    std::string_view in(std::string_view text) const noexcept {
        return text.substr(begin, end - begin);
    }
};

struct limits {
    std::size_t depth = 64;
    std::size_t number_digits = 64;
};

enum class problem : std::uint8_t {
    none,
    empty,      // nothing but white space
    syntax,     // anything the grammar of RFC 8259 does not allow, a byte order mark included
    trailing,   // a second document or bytes after the first
    truncated,  // ends inside a value
    too_deep,
    number_too_long,
    bad_utf8,    // ill-formed, overlong, surrogate
    bad_escape,  // \x, \u12, a lone surrogate escape is allowed (clients send them)
    control_character,
    duplicate_key,  // one of the chosen keys stands twice at the top level
    not_an_object,  // well-formed, but keys were asked for and the text is no object
};

struct peek_result {
    problem what = problem::none;
    std::size_t offset = 0;  // where it was noticed
    explicit operator bool() const noexcept { return what == problem::none; }
};

// Notes the values of `keys` (compared after decoding escapes, so "mod\u0065l" is "model") at the
// top level of `text` into `out` (same length). Fails on the first problem.
peek_result peek(std::string_view text,
                 std::span<const std::string_view> keys,
                 std::span<found> out,
                 const limits& limit = {});
// Validates only; any top-level type.
peek_result validate(std::string_view text, const limits& limit = {});

// The elements of a value that peek has validated: calls visit(kind, raw element) until it returns
// false. `array` is the raw text of an array.
void for_each_element(std::string_view array,
                      bool (*visit)(void*, kind, std::string_view),
                      void* context);

// Decodes raw values that peek has validated.
std::optional<std::int64_t> to_int64(
    std::string_view raw);  // integers only: 1.0, 1e3 and 2^63 give nullopt
std::optional<double> to_double(std::string_view raw);
std::string to_text(std::string_view raw);  // a string value, quotes included, escapes decoded
std::string_view describe(problem what);    // for the client: "the body ends inside a value"

// Appends `text` as a JSON string with quotes. Ill-formed UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text);

}  // namespace gaia::json
