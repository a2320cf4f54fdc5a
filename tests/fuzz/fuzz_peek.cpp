#include <array>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <string>

#include "core/json/cursor.hpp"
#include "core/json/peek.hpp"

// Properties: what peek accepts, Boost.JSON accepts as well and the reverse (but for numbers that
// no double holds, which peek refuses); spans lie inside and are JSON; cursors see what was
// validated; text survives decoding and encoding.
namespace {

using namespace gaia::json;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void walk(std::string_view raw, int depth) {
    if (depth > 40) {
        return;
    }
    if (kind_of(raw) == kind::object) {
        for (member_cursor at(raw); at.next();) {
            require(validate("\"" + std::string(at.key()) + "\"").what == problem::none);
            walk(at.value(), depth + 1);
        }
    } else if (kind_of(raw) == kind::array) {
        for (element_cursor at(raw); at.next();) {
            walk(at.value(), depth + 1);
        }
    } else if (kind_of(raw) == kind::string) {
        const auto text = to_text(raw);
        std::string again;
        append_quoted(again, text);
        require(to_text(again) == text);
        require(decodes_to(raw.substr(1, raw.size() - 2), text));
    } else {
        require(validate(raw).what == problem::none);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    constexpr std::array<std::string_view, 3> keys{"model", "stream", "a"};
    std::array<found, 3> out;
    const auto peeked = peek(text, keys, out);
    require(peeked.offset <= size);
    const bool valid = validate(text).what == problem::none;
    if (peeked) {
        require(valid);
        for (const auto& one : out) {
            if (one) {
                require(one.begin < one.end && one.end <= size);
                require(validate(one.in(text)).what == problem::none);
                require(kind_of(one.in(text)) == one.type);
            }
        }
    }
    boost::json::parse_options options;
    options.max_depth = 64;
    boost::system::error_code failed;
    static_cast<void>(boost::json::parse(text, failed, {}, options));
    if (valid) {
        // peek lets a lone surrogate escape pass, Boost.JSON does not.
        const bool surrogate = text.find("\\ud") != std::string_view::npos ||
                               text.find("\\uD") != std::string_view::npos;
        require(!failed || surrogate);
        walk(text.substr(text.find_first_not_of(" \t\r\n")), 0);
    } else if (!failed) {
        const auto what = validate(text).what;
        require(what == problem::number_too_long || what == problem::too_deep);
    }
    // On text that is not JSON cursors must stay inside and come to an end.
    for (member_cursor at(text); at.next();) {
    }
    for (element_cursor at(text); at.next();) {
    }
    return 0;
}
