#include "core/base/secret.hpp"

// The one-shot SHA256() of OpenSSL 3 looks its algorithm up under locks at each call, and a key is
// hashed for each request.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <stdexcept>
#include <utility>

namespace gaia {
namespace {

void wipe(std::string& text) noexcept {
    if (!text.empty()) {
        OPENSSL_cleanse(text.data(), text.size());
    }
    text.clear();
}

}  // namespace

secret::secret(secret&& other) noexcept : text_(other.text_) {
    wipe(other.text_);
}

secret& secret::operator=(const secret& other) {
    if (this != &other) {
        wipe(text_);
        text_ = other.text_;
    }
    return *this;
}

secret& secret::operator=(secret&& other) noexcept {
    if (this != &other) {
        wipe(text_);
        text_ = other.text_;
        wipe(other.text_);
    }
    return *this;
}

secret::~secret() {
    wipe(text_);
}

sha256_digest sha256(std::string_view bytes) {
    sha256_digest digest{};
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data(), bytes.size());
    SHA256_Final(digest.data(), &context);
    return digest;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void fill_random(std::span<unsigned char> out) {
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
        throw std::runtime_error("the operating system gives no random numbers");
    }
}

std::string random_base62(std::size_t length) {
    static constexpr std::string_view digits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string text;
    text.reserve(length);
    std::array<unsigned char, 64> bytes{};
    while (text.size() < length) {
        fill_random(bytes);
        for (const unsigned char byte : bytes) {
            // 248 = 4 * 62: larger bytes would make the first digits likelier.
            if (byte < 248 && text.size() < length) {
                text.push_back(digits[byte % 62]);
            }
        }
    }
    return text;
}

std::string to_hex(std::span<const unsigned char> bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const unsigned char byte : bytes) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

}  // namespace gaia
