#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <atomic>
#include <charconv>

#include "core/base/clock.hpp"

namespace gaia {
namespace {

constexpr std::string_view base62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::int64_t epoch_ms = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr int sequence_bits = 22;
constexpr std::size_t id_digits = 11;  // 62^11 > 2^63, and the text needs no memory of its own

std::atomic<std::int64_t> last_id{0};

}  // namespace

request_id next_request_id() noexcept {
    const std::int64_t now = (wall_now().value / 1000 - epoch_ms) << sequence_bits;
    std::int64_t last = last_id.load(std::memory_order_relaxed);
    std::int64_t next = 0;
    do {
        next = now > last ? now : last + 1;
    } while (!last_id.compare_exchange_weak(last, next, std::memory_order_relaxed));
    return {next};
}

std::string to_string(request_id id) {
    std::string text(4 + id_digits, '_');
    text.replace(0, 4, "req_");
    auto rest = static_cast<std::uint64_t>(id.value);
    for (std::size_t i = id_digits; i-- > 0; rest /= 62) {
        text[4 + i] = base62[rest % 62];
    }
    return text;
}

std::optional<request_id> parse_request_id(std::string_view text) {
    if (text.size() != 4 + id_digits || !text.starts_with("req_")) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char c : text.substr(4)) {
        const auto digit = base62.find(c);
        if (digit == std::string_view::npos ||
            __builtin_mul_overflow(value, std::uint64_t{62}, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return std::nullopt;
        }
    }
    if (value == 0 || value >> 63 != 0) {
        return std::nullopt;
    }
    return request_id{static_cast<std::int64_t>(value)};
}

std::string to_string(key_id id) {
    return fmt::format("ak_{}", id.value);
}
std::string to_string(organization_id id) {
    return fmt::format("org_{}", id.value);
}
std::string to_string(user_id id) {
    return fmt::format("user_{}", id.value);
}
std::string to_string(provider_id id) {
    return fmt::format("prov_{}", id.value);
}

std::optional<std::int64_t> parse_prefixed_id(std::string_view prefix, std::string_view text) {
    if (!text.starts_with(prefix)) {
        return std::nullopt;
    }
    text.remove_prefix(prefix.size());
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value <= 0) {
        return std::nullopt;
    }
    return value;
}

}  // namespace gaia
