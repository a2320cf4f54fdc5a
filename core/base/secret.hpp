#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace gaia {

// A credential in memory: wiped when it ends, and without a formatter or stream operator, so that
// printing one by accident does not compile. expose() is the only way to the text.
class secret {
public:
    secret() = default;
    explicit secret(std::string text) : text_(std::move(text)) {}
    secret(const secret&) = default;
    secret(secret&& other) noexcept;
    secret& operator=(const secret& other);
    secret& operator=(secret&& other) noexcept;
    ~secret();

    const std::string& expose() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

private:
    std::string text_;
};

using sha256_digest = std::array<unsigned char, 32>;

sha256_digest sha256(std::string_view bytes);
// In constant time for equal lengths.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;
// From the operating system's generator; throws std::runtime_error if that fails.
void fill_random(std::span<unsigned char> out);
// `length` characters of [0-9A-Za-z], uniformly random.
std::string random_base62(std::size_t length);
std::string to_hex(std::span<const unsigned char> bytes);

}  // namespace gaia
