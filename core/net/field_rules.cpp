#include "core/net/head_gate.hpp"

namespace gaia::net {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool is_valid_field_value(std::string_view value) noexcept {
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7F) {
            return false;
        }
    }
    return true;
}

bool is_valid_host(std::string_view host) noexcept {
    if (host.empty() || host.size() > 255 + 6) {
        return false;
    }
    std::string_view port;
    if (host.front() == '[') {
        const auto close = host.find(']');
        if (close == std::string_view::npos || close < 3 ||
            host.substr(1, close - 1).find_first_not_of("0123456789abcdefABCDEF:.") != host.npos) {
            return false;
        }
        port = host.substr(close + 1);
    } else {
        const auto colon = host.find(':');
        const auto name = host.substr(0, colon);
        for (const char c : name) {
            const bool letter = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
            if (!letter && c != '-' && c != '.' && c != '_') {
                return false;
            }
        }
        if (name.empty()) {
            return false;
        }
        port = colon == std::string_view::npos ? std::string_view() : host.substr(colon);
    }
    if (port.empty()) {
        return true;
    }
    return port.front() == ':' && port.size() > 1 && port.size() <= 6 &&
           port.substr(1).find_first_not_of("0123456789") == port.npos;
}

}  // namespace gaia::net
