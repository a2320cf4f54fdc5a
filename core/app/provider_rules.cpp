#include "core/app/provider_rules.hpp"

#include <algorithm>
#include <iterator>

namespace gaia::app {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_provider_name(std::string_view name) {
    return !name.empty() && name.size() <= provider_name_bytes_max &&
           is_letter_or_digit(name.front()) && std::all_of(name.begin(), name.end(), [](char c) {
               return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
           });
}

bool is_credential(std::string_view text) {
    return text.size() <= header_bytes_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

bool is_header_name(std::string_view name) {
    static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
        return is_letter_or_digit(c) || marks.find(c) != marks.npos;
    });
}

bool is_header_value(std::string_view value) {
    const bool blank_ends = !value.empty() && (value.front() == ' ' || value.front() == '\t' ||
                                               value.back() == ' ' || value.back() == '\t');
    return value.size() <= header_bytes_max && !blank_ends &&
           std::none_of(value.begin(), value.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return (byte < 0x20 && c != '\t') || byte == 0x7F;
           });
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

bool is_reserved_header(const std::string& lower_name) {
    static constexpr std::string_view names[] = {"host",
                                                 "content-length",
                                                 "transfer-encoding",
                                                 "connection",
                                                 "keep-alive",
                                                 "te",
                                                 "trailer",
                                                 "upgrade",
                                                 "expect",
                                                 "accept-encoding",
                                                 "content-type",
                                                 "proxy-authorization",
                                                 "proxy-connection"};
    return std::find(std::begin(names), std::end(names), lower_name) != std::end(names);
}

std::optional<std::string> fill_address(std::string_view text, const environment& env) {
    std::string out;
    while (!text.empty()) {
        const std::size_t begin = std::min(text.find("${"), text.size());
        out += text.substr(0, begin);
        text.remove_prefix(begin);
        if (text.empty()) {
            break;
        }
        const std::size_t end = text.find('}');
        if (end == text.npos) {
            return std::nullopt;
        }
        const std::string* const value = env.find_filled(text.substr(2, end - 2));
        if (value == nullptr || value->size() > 63 ||
            !std::all_of(value->begin(), value->end(), [](char c) {
                return is_letter_or_digit(c) || c == '-' || c == '_';
            })) {
            return std::nullopt;
        }
        out += *value;
        text.remove_prefix(end + 1);
    }
    return out;
}

}  // namespace gaia::app
