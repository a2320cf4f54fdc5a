#pragma once

#include <string>
#include <string_view>

// Argon2id (64 MiB, 3 passes), in its own text form, which names its parameters. Takes a tenth of a
// second and more of a core: never on an I/O thread.
namespace gaia::store {

inline constexpr std::size_t password_characters_min = 12;

// Throws std::runtime_error when the memory cannot be had.
std::string hash_password(std::string_view password);
bool verify_password(std::string_view hash, std::string_view password) noexcept;
// The hash was made with other parameters than today's: hash again at the next login.
bool needs_rehash(std::string_view hash) noexcept;

}  // namespace gaia::store
