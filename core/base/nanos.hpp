#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gaia {

// Money: nano-dollars (10^-9 USD) in an int64, about +-9.2 billion dollars. Never a double.
// Arithmetic saturates at the ends of the range instead of wrapping.
struct nanos {
    std::int64_t value = 0;

    friend constexpr auto operator<=>(nanos, nanos) = default;
    friend nanos operator+(nanos a, nanos b) noexcept;
    friend nanos operator-(nanos a, nanos b) noexcept;
    nanos& operator+=(nanos other) noexcept { return *this = *this + other; }
    nanos& operator-=(nanos other) noexcept { return *this = *this - other; }
};

// A price: nano-dollars for one million units (tokens, characters, seconds ...). $0.15 per million
// tokens is 150'000'000. One unit may cost a fraction of a nano-dollar, so prices are multiplied
// first and divided once, see price_sum.
struct price {
    std::int64_t nanos_per_million = 0;
    friend constexpr auto operator<=>(price, price) = default;
};

// Adds up price lines exactly and rounds once, upwards, at the end: no line is lost to rounding and
// a request that cost anything never costs 0. Saturates.
class price_sum {
public:
    // units must be >= 0; a negative count is taken as 0.
    void add(std::int64_t units, price per_million) noexcept;
    void add(nanos fixed) noexcept;
    nanos total() const noexcept;

private:
    __extension__ __int128 millionths_ = 0;  // 10^-6 nano-dollars
};

// "0.150000" (USD, six decimals, rounded half away from zero), as shown to people.
std::string to_dollars(nanos amount);
// Parses "12", "0.15", "1e-3" is refused; at most nine decimals, no sign. nullopt when malformed.
std::optional<nanos> parse_dollars(std::string_view text);

}  // namespace gaia
