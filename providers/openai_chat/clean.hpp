#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Makes an upstream's words fit for a client: what they say stays, what they give away goes.
namespace gaia::providers {

inline constexpr std::size_t message_bytes_max = 2048;

// One line of valid UTF-8 of at most message_bytes_max bytes. URLs, host names, addresses, mail
// addresses, key-shaped words, credentials after "Bearer" or "key=", account ids and long runs of
// letters and digits become [redacted]. Empty when the text is markup (an HTML page).
std::string clean_message(std::string_view text);

// `text` when it is a short identifier ([A-Za-z0-9_.-], for param also brackets) that is not
// key-shaped, else empty. For code, type and param.
std::string clean_identifier(std::string_view text);

}  // namespace gaia::providers
