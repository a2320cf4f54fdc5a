#include "core/base/nanos.hpp"

#include <fmt/format.h>

#include <limits>
#include <string_view>

namespace gaia {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t nanos_per_dollar = 1'000'000'000;

}  // namespace

nanos operator+(nanos a, nanos b) noexcept {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.value, b.value, &sum)) {
        return {b.value > 0 ? largest : smallest};
    }
    return {sum};
}

nanos operator-(nanos a, nanos b) noexcept {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.value, b.value, &difference)) {
        return {b.value < 0 ? largest : smallest};
    }
    return {difference};
}

void price_sum::add(std::int64_t units, price per_million) noexcept {
    if (units > 0) {
        // 2^63 * 2^63 < 2^126: a few hundred million such lines would be needed to overflow.
        millionths_ += static_cast<decltype(millionths_)>(units) * per_million.nanos_per_million;
    }
}

void price_sum::add(nanos fixed) noexcept {
    millionths_ += static_cast<decltype(millionths_)>(fixed.value) * 1'000'000;
}

nanos price_sum::total() const noexcept {
    auto quotient = millionths_ / 1'000'000;
    if (millionths_ % 1'000'000 > 0) {
        ++quotient;
    }
    if (quotient > largest) {
        return {largest};
    }
    if (quotient < smallest) {
        return {smallest};
    }
    return {static_cast<std::int64_t>(quotient)};
}

std::string to_dollars(nanos amount) {
    const bool negative = amount.value < 0;
    // Through unsigned: the smallest int64 has no positive counterpart.
    const std::uint64_t magnitude = negative ? ~static_cast<std::uint64_t>(amount.value) + 1
                                             : static_cast<std::uint64_t>(amount.value);
    const std::uint64_t micros = magnitude / 1000 + (magnitude % 1000 >= 500 ? 1 : 0);
    return fmt::format(
        "{}{}.{:06}", negative && micros > 0 ? "-" : "", micros / 1'000'000, micros % 1'000'000);
}

std::optional<nanos> parse_dollars(std::string_view text) {
    std::int64_t whole = 0;
    std::int64_t fraction = 0;
    std::int64_t unit = nanos_per_dollar;
    bool digits = false;
    bool dot = false;
    for (const char c : text) {
        if (c == '.' && !dot && digits) {
            dot = true;
            continue;
        }
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        digits = true;
        if (dot) {
            unit /= 10;
            if (unit == 0) {
                return std::nullopt;
            }
            fraction += (c - '0') * unit;
        } else if (__builtin_mul_overflow(whole, std::int64_t{10}, &whole) ||
                   __builtin_add_overflow(whole, std::int64_t{c - '0'}, &whole)) {
            return std::nullopt;
        }
    }
    std::int64_t value = 0;
    if (!digits || text.back() == '.' || __builtin_mul_overflow(whole, nanos_per_dollar, &value) ||
        __builtin_add_overflow(value, fraction, &value)) {
        return std::nullopt;
    }
    return nanos{value};
}

}  // namespace gaia
