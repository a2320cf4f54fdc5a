#include "providers/openai_chat/error.hpp"

#include <algorithm>

#include "core/json/cursor.hpp"
#include "providers/openai_chat/clean.hpp"
#include "providers/openai_chat/openai_chat.hpp"

namespace gaia::providers {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds retry_after_max = 300s;
constexpr milliseconds retry_after_default = 5s;
constexpr std::string_view no_credit_text =
    "The gateway's account at the model provider cannot pay for this request.";

bool contains(std::string_view text, std::initializer_list<std::string_view> needles) {
    std::string lower(text.substr(0, 4096));
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    });
    return std::any_of(needles.begin(), needles.end(), [&](std::string_view needle) {
        return lower.find(needle) != std::string::npos;
    });
}

std::string text_of(json::kind type, std::string_view raw) {
    return type == json::kind::string ? json::to_text(raw) : std::string();
}

void take_status(error_words& words, std::string_view raw) {
    const auto number = json::to_int64(raw);
    if (number && *number >= 400 && *number <= 599) {
        words.status = static_cast<int>(*number);
    }
}

void read_object(error_words& words, std::string_view object, int depth);

void read_value(error_words& words, json::kind type, std::string_view raw, int depth) {
    if (type == json::kind::string) {
        words.message = json::to_text(raw);
    } else if (type == json::kind::object) {
        read_object(words, raw, depth + 1);
    } else if (type == json::kind::array && depth < 4) {
        if (json::element_cursor first(raw); first.next()) {
            read_value(words, first.type(), first.value(), depth + 1);
        }
    }
}

void read_object(error_words& words, std::string_view object, int depth) {
    if (depth > 4) {
        return;
    }
    for (json::member_cursor at(object); at.next();) {
        const auto type = at.type();
        if (at.key_is("message") || at.key_is("msg")) {
            if (type == json::kind::string) {
                words.message = json::to_text(at.value());
            } else if (words.message.empty()) {
                read_value(words, type, at.value(), depth);  // Mistral: an object with detail
            }
        } else if (at.key_is("error") || at.key_is("errors") || at.key_is("detail")) {
            if (type != json::kind::null) {
                read_value(words, type, at.value(), depth);
            }
        } else if (at.key_is("type") && words.type.empty()) {
            words.type = text_of(type, at.value());
        } else if (at.key_is("param")) {
            words.param = text_of(type, at.value());
        } else if (at.key_is("code")) {
            words.code =
                type == json::kind::number ? std::string(at.value()) : text_of(type, at.value());
            take_status(words, words.code);
        } else if (at.key_is("status") || at.key_is("status_code")) {
            take_status(words, at.value());
        }
    }
}

bool about_credentials(const error_words& words) {
    return contains(words.message,
                    {"api key",
                     "api_key",
                     "apikey",
                     "credential",
                     "unauthorized",
                     "authentication",
                     "unauthenticated",
                     "access token",
                     "invalid token",
                     "bearer"}) ||
           contains(words.code, {"api_key", "auth"}) || contains(words.type, {"authentication"});
}

// In a 400 only what can hardly be about the client's own request.
bool key_refused(const error_words& words) {
    return contains(words.message,
                    {"api key not valid",
                     "invalid api key",
                     "incorrect api key",
                     "api key expired",
                     "api_key_invalid",
                     "invalid x-api-key"}) ||
           words.code == "invalid_api_key" || words.type == "authentication_error";
}

bool about_credit(const error_words& words) {
    return words.code == "insufficient_quota" || words.type == "insufficient_quota" ||
           words.code == "insufficient_credits" || words.code == "credit_balance_exhausted" ||
           words.code == "billing_hard_limit_reached" || words.type == "billing_error";
}

bool about_context_length(const error_words& words) {
    return words.code == "context_length_exceeded" || contains(words.message,
                                                               {"maximum context length",
                                                                "context length",
                                                                "context window",
                                                                "context_length_exceeded",
                                                                "prompt is too long",
                                                                "prompt too long",
                                                                "exceeds the context",
                                                                "input is too long"});
}

bool about_content(const error_words& words) {
    return words.code == "content_filter" || words.code == "content_policy_violation" ||
           words.type == "content_filter";
}

// For the log: never the message, which may quote the prompt or a key.
std::string detail_of(int status, const error_words& words) {
    std::string out = "upstream " + std::to_string(status);
    if (const auto type = clean_identifier(words.type); !type.empty()) {
        out += " type=" + type;
    }
    if (const auto code = clean_identifier(words.code); !code.empty()) {
        out += " code=" + code;
    }
    return out;
}

failure credentials_refused(bool credit) {
    failure f = fail(errc::upstream_credentials);
    if (credit) {
        f.message = no_credit_text;
    }
    return f;
}

// The upstream speaks about the client's request: its words pass, cleaned.
failure rejected(int status, const error_words& words) {
    failure f = fail(errc::upstream_rejected, clean_message(words.message));
    if (status == 400 && about_context_length(words)) {
        f.what = errc::context_length_exceeded;
    } else if (about_content(words)) {
        f.what = errc::content_filter;
    }
    f.status = status;
    f.param = clean_identifier(words.param);
    f.code = clean_identifier(words.code);
    if (f.what == errc::context_length_exceeded) {
        f.code.clear();  // the table's, whatever the vendor calls it
    } else if (f.code.empty() && status == 404) {
        f.code = "not_found";
    }
    if (status == 403) {
        f.type = "permission_error";
    } else if (status == 408) {
        f.type = "timeout_error";
    }
    return f;
}

failure retryable(errc what,
                  std::optional<milliseconds> retry_after,
                  std::optional<milliseconds> otherwise) {
    failure f = fail(what);
    if (!retry_after) {
        retry_after = otherwise;
    }
    if (retry_after) {
        f.retry_after = std::clamp<milliseconds>(*retry_after, 0ms, retry_after_max);
    }
    return f;
}

failure meaning(int status, const error_words& words, std::optional<milliseconds> retry_after) {
    switch (status) {
        case 401:
            return credentials_refused(false);
        case 402:
            return credentials_refused(true);
        case 403:
            return about_credentials(words) ? credentials_refused(false) : rejected(status, words);
        case 400:
            return key_refused(words) ? credentials_refused(false) : rejected(status, words);
        case 404:
        case 408:
        case 409:
        case 410:
        case 413:
        case 422:
        case 424:
        case 451:
            return rejected(status, words);
        case 429:
            if (about_credit(words)) {
                return credentials_refused(true);
            }
            return retryable(errc::upstream_rate_limited, retry_after, retry_after_default);
        case 498:  // Groq: flex capacity exceeded
        case 503:
        case 529:
            return retryable(errc::upstream_overloaded, retry_after, std::nullopt);
        case 504:
        case 524:
            return fail(errc::upstream_timeout);
        default:
            // The other 4xx speak about the HTTP that the gateway itself sent.
            return fail(status >= 400 ? errc::upstream_failed : errc::upstream_broken);
    }
}

// The status that an error inside a 200 would have had.
int implied_status(const error_words& words) {
    if (words.status) {
        return *words.status;
    }
    const auto said = [&](std::initializer_list<std::string_view> needles) {
        return contains(words.type, needles) || contains(words.code, needles);
    };
    if (about_credit(words)) {
        return 402;
    }
    if (said({"rate_limit", "too_many_requests", "resource_exhausted"})) {
        return 429;
    }
    if (said({"overloaded", "unavailable"})) {
        return 503;
    }
    if (said({"authentication", "invalid_api_key", "unauthorized"})) {
        return 401;
    }
    if (said({"permission"})) {
        return 403;
    }
    if (said({"timeout"})) {
        return 504;
    }
    if (about_content(words) ||
        said({"invalid_request", "context_length", "badrequest", "bad_request"})) {
        return 400;
    }
    return 500;
}

}  // namespace

error_words read_error(std::string_view raw) {
    error_words words;
    read_value(words, json::kind_of(raw), raw, 0);
    return words;
}

failure map_error(int status, const error_words& words, std::optional<milliseconds> retry_after) {
    auto f = meaning(status, words, retry_after);
    f.detail = detail_of(status, words);
    return f;
}

failure map_error_in_success(const error_words& words, bool under_way) {
    const int status = implied_status(words);
    auto f = map_error(status, words, std::nullopt);
    if (under_way && f.message.empty() && f.what != errc::upstream_credentials) {
        f.message = clean_message(words.message);
    }
    return f;
}

failure openai_chat::upstream_error(int status,
                                    std::string_view,
                                    std::string_view body,
                                    std::optional<milliseconds> retry_after) const {
    // The content type says nothing that the body does not: HTML is sent as JSON and the reverse.
    error_words words;
    if (json::validate(body)) {
        words = read_error(body);
    }
    return map_error(status, words, retry_after);
}

}  // namespace gaia::providers
