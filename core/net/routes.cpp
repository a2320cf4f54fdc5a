#include "core/net/routes.hpp"

namespace gaia::net {
namespace {

constexpr std::string_view rest_mark = "{rest}";

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

// Whether `path` belongs to the pattern; the part that matched {rest} goes to `rest`.
bool fits(std::string_view pattern, std::string_view path, std::string_view& rest) {
    if (!pattern.ends_with(rest_mark)) {
        return pattern == path;
    }
    const auto prefix = pattern.substr(0, pattern.size() - rest_mark.size());
    if (!path.starts_with(prefix) || path.size() == prefix.size()) {
        return false;
    }
    rest = path.substr(prefix.size());
    return true;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size()) {
                return std::nullopt;
            }
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            c = static_cast<char>(high << 4 | low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            return std::nullopt;
        }
        decoded.push_back(c);
    }
    return decoded;
}

void routes::add(route r) {
    all_.push_back(std::move(r));
}

routes::match routes::find(std::string_view method, std::string_view path) const {
    match result;
    for (const auto& r : all_) {
        std::string_view rest;
        if (!fits(r.pattern, path, rest)) {
            continue;
        }
        if (r.method == method || (method == "HEAD" && r.method == "GET")) {
            if (!rest.empty()) {
                auto decoded = percent_decode(rest);
                if (!decoded) {
                    return {};
                }
                result.rest = std::move(*decoded);
            }
            result.found = &r;
            return result;
        }
        if (result.allow.find(r.method) == std::string::npos) {
            result.allow +=
                (result.allow.empty() ? "" : ", ") + r.method + (r.method == "GET" ? ", HEAD" : "");
        }
    }
    return result;
}

}  // namespace gaia::net
