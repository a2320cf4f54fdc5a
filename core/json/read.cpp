#include "core/json/read.hpp"

#include <cmath>

namespace gaia::json {

bool value::is(std::string_view name) const noexcept {
    return is_text() && raw_.size() >= 2 && decodes_to(raw_.substr(1, raw_.size() - 2), name);
}

std::optional<std::int64_t> value::integer() const noexcept {
    if (!is_number()) {
        return std::nullopt;
    }
    if (const auto whole = to_int64(raw_)) {
        return whole;
    }
    const auto real = to_double(raw_);
    if (!real || std::floor(*real) != *real || std::fabs(*real) > 9007199254740992.0) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(*real);
}

std::optional<bool> value::boolean() const noexcept {
    if (type_ != kind::boolean) {
        return std::nullopt;
    }
    return raw_.front() == 't';
}

std::string key_text(const member_cursor& at) {
    if (at.key().find('\\') == std::string_view::npos) {
        return std::string(at.key());
    }
    std::string quoted = "\"";
    quoted += at.key();
    quoted += '"';
    return to_text(quoted);
}

std::string path::text() const {
    std::string out = up_ != nullptr ? up_->text() : std::string();
    if (indexed_) {
        out += '[';
        out += std::to_string(index_);
        out += ']';
    } else if (!key_.empty()) {
        if (!out.empty()) {
            out += '.';
        }
        out += key_;
    }
    return out;
}

}  // namespace gaia::json
