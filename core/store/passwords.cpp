#include "core/store/passwords.hpp"

#include <sodium.h>

#include <array>
#include <stdexcept>

namespace gaia::store {
namespace {

constexpr unsigned long long passes = 3;
constexpr std::size_t memory_bytes = 64UL * 1024 * 1024;

// Idempotent and thread-safe.
bool ready() noexcept {
    return sodium_init() >= 0;
}

}  // namespace

std::string hash_password(std::string_view password) {
    std::array<char, crypto_pwhash_STRBYTES> text{};
    if (!ready() || crypto_pwhash_str_alg(text.data(),
                                          password.data(),
                                          password.size(),
                                          passes,
                                          memory_bytes,
                                          crypto_pwhash_ALG_ARGON2ID13) != 0) {
        throw std::runtime_error("not enough memory to hash a password");
    }
    return text.data();
}

bool verify_password(std::string_view hash, std::string_view password) noexcept {
    std::array<char, crypto_pwhash_STRBYTES> text{};  // must end with a NUL
    if (!ready() || hash.size() >= text.size()) {
        return false;
    }
    hash.copy(text.data(), hash.size());
    return crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

bool needs_rehash(std::string_view hash) noexcept {
    std::array<char, crypto_pwhash_STRBYTES> text{};
    if (!ready() || hash.size() >= text.size()) {
        return true;
    }
    hash.copy(text.data(), hash.size());
    return crypto_pwhash_str_needs_rehash(text.data(), passes, memory_bytes) != 0;
}

}  // namespace gaia::store
