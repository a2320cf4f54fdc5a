#include "core/chat/names.hpp"

#include <algorithm>

namespace gaia::chat {
namespace {

std::string hex(std::uint64_t value, int digits) {
    std::string out(static_cast<std::size_t>(digits), '0');
    for (auto at = out.rbegin(); at != out.rend(); ++at, value >>= 4U) {
        *at = "0123456789abcdef"[value & 15U];
    }
    return out;
}

bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::uint64_t fingerprint(std::string_view text) noexcept {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return hash;
}

std::string made_call_id(std::uint64_t seed, std::uint64_t count) {
    return "call_" + hex(seed, 16) + hex(count, 8);
}

bool name_map::allowed(std::string_view name) const noexcept {
    return !name.empty() && name.size() <= rule_.length_max &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return is_alphanumeric(c) || rule_.also.find(c) != std::string_view::npos;
           });
}

std::string name_map::outward(std::string_view name) {
    for (const auto& [given, substitute] : pairs_) {
        if (given == name) {
            return substitute;
        }
    }
    if (allowed(name)) {
        return std::string(name);
    }
    constexpr std::size_t tail = 9;
    std::string substitute(name.substr(0, rule_.length_max - tail));
    for (auto& c : substitute) {
        if (!is_alphanumeric(c) && rule_.also.find(c) == std::string_view::npos) {
            c = '_';
        }
    }
    substitute += '_';
    substitute += hex(fingerprint(name) >> 32U, 8);
    pairs_.emplace_back(name, substitute);
    return substitute;
}

std::string_view name_map::inward(std::string_view name) const noexcept {
    for (const auto& [given, substitute] : pairs_) {
        if (substitute == name) {
            return given;
        }
    }
    return name;
}

}  // namespace gaia::chat
