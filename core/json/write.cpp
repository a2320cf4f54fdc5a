#include "core/json/write.hpp"

#include <charconv>

#include "core/json/peek.hpp"
#include "core/json/scan.hpp"

namespace gaia::json {

void append_compact(std::string& out, std::string_view raw) {
    const char* at = raw.data();
    const char* end = at + raw.size();
    while (at != end) {
        if (*at == '"') {
            const char* after = skip_valid_string(at + 1, end);
            out.append(at, after);
            at = after;
        } else if (is_space(*at)) {
            ++at;
        } else {
            out += *at++;
        }
    }
}

std::string compact(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    append_compact(out, raw);
    return out;
}

void writer::separate() {
    if (comma_) {
        *out_ += ',';
    }
    comma_ = true;
}

writer& writer::begin_object() {
    separate();
    *out_ += '{';
    comma_ = false;
    ++depth_;
    return *this;
}

writer& writer::end_object() {
    *out_ += '}';
    comma_ = true;
    --depth_;
    return *this;
}

writer& writer::begin_array() {
    separate();
    *out_ += '[';
    comma_ = false;
    ++depth_;
    return *this;
}

writer& writer::end_array() {
    *out_ += ']';
    comma_ = true;
    --depth_;
    return *this;
}

writer& writer::key(std::string_view name) {
    separate();
    append_quoted(*out_, name);
    *out_ += ':';
    comma_ = false;
    return *this;
}

writer& writer::text(std::string_view value) {
    separate();
    append_quoted(*out_, value);
    return *this;
}

writer& writer::integer(std::int64_t value) {
    separate();
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_->append(digits, end);
    return *this;
}

writer& writer::boolean(bool value) {
    separate();
    *out_ += value ? "true" : "false";
    return *this;
}

writer& writer::null() {
    separate();
    *out_ += "null";
    return *this;
}

writer& writer::raw(std::string_view value) {
    separate();
    // A line end can only stand between tokens; without one the text fits a line as it is.
    if (value.find_first_of("\r\n") == std::string_view::npos) {
        *out_ += value;
    } else {
        append_compact(*out_, value);
    }
    return *this;
}

}  // namespace gaia::json
