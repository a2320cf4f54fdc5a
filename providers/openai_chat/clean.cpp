#include "providers/openai_chat/clean.hpp"

#include <algorithm>
#include <array>

#include "core/json/utf8.hpp"

namespace gaia::providers {
namespace {

constexpr std::string_view redacted = "[redacted]";
// Cleaning is linear, but there is no reason to clean a megabyte and keep 2 KiB of it.
constexpr std::size_t looked_at_max = 4 * message_bytes_max;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'z';
}
bool is_alnum(char c) {
    return is_digit(c) || is_letter(c);
}
bool is_hex(char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

// Characters that a URL, an address, a key or a path may consist of.
bool in_word(char c) {
    return is_alnum(c) || std::string_view("-_.:/@%+=~*&?#$").find(c) != std::string_view::npos;
}

bool has_key_prefix(std::string_view word) {
    constexpr std::array<std::string_view, 24> prefixes{
        "sk-",  "sk_",   "pk-", "pk_",    "rk-",   "rk_",  "gsk_",  "xai-",
        "aiza", "hf_",   "r8_", "nvapi-", "ghp_",  "gho_", "ghs_",  "akia",
        "asia", "ya29.", "eyj", "org-",   "proj_", "key-", "pplx-", "csk-"};
    const auto text = lowered(word.substr(0, 8));
    return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
        return text.starts_with(prefix) && word.size() >= prefix.size() + 3;
    });
}

// A run of letters and digits that no word, model name or number looks like.
bool has_long_run(std::string_view word) {
    std::size_t run = 0;
    bool digit = false;
    bool letter = false;
    for (const char c : word) {
        if (!is_alnum(c)) {
            run = 0;
            digit = letter = false;
            continue;
        }
        ++run;
        digit = digit || is_digit(c);
        letter = letter || is_letter(c);
        if ((run >= 20 && digit && letter) || run >= 40) {
            return true;
        }
    }
    return false;
}

bool is_port(std::string_view text) {
    return text.size() >= 2 && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_ipv4(std::string_view word) {
    int dots = 0;
    int digits = 0;
    for (const char c : word) {
        if (c == '.') {
            if (digits == 0 || digits > 3) {
                return false;
            }
            ++dots;
            digits = 0;
        } else if (is_digit(c)) {
            ++digits;
        } else {
            return false;
        }
    }
    return dots == 3 && digits >= 1 && digits <= 3;
}

bool is_ipv6(std::string_view word) {
    const auto colons = std::count(word.begin(), word.end(), ':');
    if (colons < 2) {
        return false;
    }
    return std::all_of(word.begin(),
                       word.end(),
                       [](char c) { return is_hex(c) || c == ':' || c == '.'; }) &&
           (colons >= 3 || word.find("::") != std::string_view::npos);
}

// A dotted name whose last label is a top-level domain or a suffix of internal names. Any dotted
// word would also take parameter paths (messages.0.content) and model names (gpt-4.1).
bool is_host(std::string_view word) {
    constexpr std::array<std::string_view, 34> suffixes{
        "com", "net",  "org", "io",      "ai",   "dev",  "app",     "cloud", "co",
        "cn",  "de",   "uk",  "eu",      "us",   "fr",   "jp",      "ru",    "in",
        "ch",  "nl",   "sg",  "kr",      "info", "biz",  "xyz",     "local", "internal",
        "lan", "corp", "svc", "cluster", "home", "arpa", "intranet"};
    const auto colon = word.rfind(':');
    const bool ported = colon != std::string_view::npos && is_port(word.substr(colon + 1));
    const auto name = ported ? word.substr(0, colon) : word;
    if (lowered(name) == "localhost") {
        return true;
    }
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
            return is_alnum(c) || c == '-' || c == '.' || c == '_';
        })) {
        return false;
    }
    if (ported && std::any_of(name.begin(), name.end(), is_letter)) {
        return true;
    }
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) {
        return false;
    }
    const auto last = lowered(name.substr(dot + 1));
    return std::find(suffixes.begin(), suffixes.end(), last) != suffixes.end();
}

bool names_secret(std::string_view name) {
    const auto text = lowered(name);
    for (const std::string_view word :
         {"key", "token", "secret", "password", "passwd", "auth", "credential"}) {
        if (text.ends_with(word)) {
            return true;
        }
    }
    return false;
}

bool gives_away(std::string_view word) {
    if (word.find("://") != std::string_view::npos || word.find("**") != std::string_view::npos) {
        return true;
    }
    if (const auto at = word.find('@');
        at != std::string_view::npos && at != 0 && word.find('.', at) != std::string_view::npos) {
        return true;
    }
    const auto host = word.substr(0, word.find_first_of("/?#"));
    const auto bare = host.substr(0, host.rfind(':'));
    if (is_ipv4(host) || is_ipv4(bare) || is_ipv6(host) || is_host(host)) {
        return true;
    }
    if (const auto equals = word.find_first_of("=:"); equals != std::string_view::npos &&
                                                      equals + 4 <= word.size() &&
                                                      names_secret(word.substr(0, equals))) {
        return true;
    }
    for (std::size_t at = 0; at < word.size(); ++at) {
        const bool starts =
            at == 0 || (!is_alnum(word[at - 1]) && word[at - 1] != '-' && word[at - 1] != '_');
        if (starts && has_key_prefix(word.substr(at))) {
            return true;
        }
    }
    return has_long_run(word);
}

bool announces_credential(std::string_view word) {
    const auto text = lowered(word);
    return text == "bearer" || text == "basic" || text == "x-api-key:" || text == "api-key:" ||
           text == "authorization:";
}

bool is_markup(std::string_view text) {
    const auto head = lowered(text.substr(0, 512));
    return head.find("<html") != std::string::npos || head.find("<!doctype") != std::string::npos ||
           head.find("<body") != std::string::npos || head.starts_with("<?xml") ||
           head.find("<head>") != std::string::npos;
}

// One line, valid UTF-8, single spaces.
std::string one_line(std::string_view text) {
    std::string out;
    const char* at = text.data();
    const char* end = at + text.size();
    while (at != end) {
        const auto length = json::utf8_sequence(at, end);
        const auto byte = static_cast<unsigned char>(*at);
        if (length == 0 || byte < 0x20 || byte == 0x7f || byte == ' ') {
            if (!out.empty() && out.back() != ' ') {
                out += ' ';
            }
            ++at;
            continue;
        }
        out.append(at, length);
        at += length;
    }
    while (!out.empty() && out.back() == ' ') {
        out.pop_back();
    }
    return out;
}

}  // namespace

std::string clean_message(std::string_view text) {
    if (is_markup(text)) {
        return {};
    }
    const auto line = one_line(json::utf8_prefix(text, looked_at_max));
    std::string out;
    bool credential_next = false;
    std::size_t at = 0;
    while (at < line.size() && out.size() <= message_bytes_max) {
        const auto begin = at;
        while (at < line.size() && in_word(line[at])) {
            ++at;
        }
        if (at == begin) {
            out += line[at++];
            continue;
        }
        auto word = std::string_view(line).substr(begin, at - begin);
        // The punctuation that ends a clause is not part of the word.
        std::string_view tail;
        while (!word.empty() &&
               std::string_view(".:?").find(word.back()) != std::string_view::npos &&
               !announces_credential(word)) {
            tail = std::string_view(line).substr(begin + word.size() - 1, tail.size() + 1);
            word.remove_suffix(1);
        }
        const bool announces = announces_credential(word);
        if (!word.empty() && ((credential_next && !announces) || gives_away(word))) {
            out += redacted;
        } else {
            out += word;
        }
        out += tail;
        credential_next = announces;
    }
    return std::string(json::utf8_prefix(out, message_bytes_max));
}

std::string clean_identifier(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '[' || c == ']';
    });
    if (text.empty() || text.size() > 128 || !plain || gives_away(text)) {
        return {};
    }
    return std::string(text);
}

}  // namespace gaia::providers
