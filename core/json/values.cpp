#include <charconv>

#include "core/json/cursor.hpp"
#include "core/json/escape.hpp"
#include "core/json/peek.hpp"
#include "core/json/scan.hpp"
#include "core/json/utf8.hpp"

namespace gaia::json {
namespace {

// The four hex digits at `at`, or -1.
std::int32_t code_unit(const char* at, const char* end) noexcept {
    if (end - at < 4) {
        return -1;
    }
    std::int32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
        const int digit = hex_digit(at[i]);
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

constexpr std::string_view replacement_character = "\xef\xbf\xbd";

}  // namespace

const char* decode_escape(const char* at,
                          const char* end,
                          char (&bytes)[4],
                          std::size_t& count) noexcept {
    ++at;
    count = 1;
    if (at == end) {
        bytes[0] = '\\';
        return at;
    }
    const char letter = *at++;
    switch (letter) {
        case 'b':
            bytes[0] = '\b';
            return at;
        case 'f':
            bytes[0] = '\f';
            return at;
        case 'n':
            bytes[0] = '\n';
            return at;
        case 'r':
            bytes[0] = '\r';
            return at;
        case 't':
            bytes[0] = '\t';
            return at;
        case 'u':
            break;
        default:
            bytes[0] = letter;
            return at;
    }
    const auto unit = code_unit(at, end);
    if (unit < 0) {
        count = encode_utf8(0xfffd, bytes);
        return at;
    }
    at += 4;
    auto code = static_cast<std::uint32_t>(unit);
    if (code >= 0xd800 && code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        const auto low = code_unit(at + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<std::uint32_t>(low) - 0xdc00);
            at += 6;
        }
    }
    if (code >= 0xd800 && code < 0xe000) {
        code = 0xfffd;
    }
    count = encode_utf8(code, bytes);
    return at;
}

std::optional<std::int64_t> to_int64(std::string_view raw) {
    std::int64_t value = 0;
    const auto* end = raw.data() + raw.size();
    const auto parsed = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
        return std::nullopt;
    }
    return value;
}

std::optional<double> to_double(std::string_view raw) {
    double value = 0;
    const auto* end = raw.data() + raw.size();
    if (raw.empty() || !(is_digit(raw.front()) || raw.front() == '-')) {
        return std::nullopt;  // from_chars would take "inf" and "nan"
    }
    const auto parsed = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
        return std::nullopt;
    }
    return value;
}

std::string to_text(std::string_view raw) {
    std::string out;
    if (raw.size() < 2 || raw.front() != '"') {
        return out;
    }
    const char* at = raw.data() + 1;
    const char* end = raw.data() + raw.size() - 1;
    out.reserve(raw.size() - 2);
    while (at != end) {
        if (*at == '\\') {
            char bytes[4];
            std::size_t count = 0;
            at = decode_escape(at, end, bytes, count);
            out.append(bytes, count);
            continue;
        }
        const char* plain = skip_plain(at, end);
        if (plain == at) {
            ++plain;  // not ASCII
        }
        out.append(at, plain);
        at = plain;
    }
    return out;
}

void append_quoted(std::string& out, std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    const char* at = text.data();
    const char* end = at + text.size();
    out += '"';
    while (at != end) {
        const char* plain = skip_plain(at, end);
        out.append(at, plain);
        at = plain;
        if (at == end) {
            break;
        }
        const auto byte = static_cast<unsigned char>(*at);
        if (byte >= 0x80) {
            const auto length = utf8_sequence(at, end);
            out.append(length == 0 ? replacement_character : std::string_view(at, length));
            at += length == 0 ? 1 : length;
            continue;
        }
        ++at;
        switch (byte) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += "\\u00";
                out += hex[byte >> 4];
                out += hex[byte & 15];
        }
    }
    out += '"';
}

void for_each_element(std::string_view array,
                      bool (*visit)(void*, kind, std::string_view),
                      void* context) {
    for (element_cursor at(array); at.next();) {
        if (!visit(context, at.type(), at.value())) {
            return;
        }
    }
}

std::string_view describe(problem what) {
    switch (what) {
        case problem::none:
            return "the body is valid JSON";
        case problem::empty:
            return "the body is empty";
        case problem::syntax:
            return "the body is not JSON";
        case problem::trailing:
            return "something follows the JSON value";
        case problem::truncated:
            return "the body ends inside a value";
        case problem::too_deep:
            return "the values are nested too deeply";
        case problem::number_too_long:
            return "a number is too long or too large";
        case problem::bad_utf8:
            return "the body is not valid UTF-8";
        case problem::bad_escape:
            return "a string has an invalid escape";
        case problem::control_character:
            return "a string has a raw control character";
        case problem::duplicate_key:
            return "a key stands twice";
        case problem::not_an_object:
            return "the body is not a JSON object";
    }
    return "the body is not JSON";
}

}  // namespace gaia::json
