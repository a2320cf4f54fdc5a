#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace gaia {

// Everything that can go wrong in a healthy system, as the client, the log and the metrics know it.
// One row each in the table of error.cpp: HTTP status, OpenAI `type` and `code`, metric label,
// public text. Wire rules: OpenAI's error object, all four members required.
enum class errc {
    // The client's request.
    invalid_request,        // 400 with no code
    invalid_json,           // 400
    invalid_value,          // 400, names the parameter
    missing_parameter,      // 400, names the parameter
    unsupported_parameter,  // 400
    context_length_exceeded,
    content_filter,
    two_credentials,         // 400, more than one different credential
    invalid_api_key,         // 401
    key_disabled,            // 401
    key_expired,             // 401
    not_allowed,             // 403
    model_not_found,         // 404, also for a model that the key may not see
    unknown_url,             // 404
    not_found,               // 404, an object of the admin API
    method_not_allowed,      // 405
    request_timeout,         // 408
    conflict,                // 409
    request_too_large,       // 413
    target_too_long,         // 414
    unsupported_media_type,  // 415
    expectation_failed,      // 417
    misdirected_request,     // 421
    validation_failed,       // 422
    head_too_large,          // 431
    not_implemented,         // 501
    http_version,            // 505
    bad_framing,             // 400, the connection is closed
    // Limits.
    rate_limited,        // 429, retryable
    insufficient_quota,  // 429, not retryable
    overloaded,          // 503
    draining,            // 503
    usage_backlog,       // 503, the ledger is full
    // The upstream.
    upstream_unreachable,   // 502, nothing was sent
    upstream_broken,        // 502, malformed or cut answer
    upstream_timeout,       // 504
    upstream_credentials,   // 502, the upstream refused our credential
    upstream_rejected,      // the upstream's own 4xx; status carried in failure::status
    upstream_overloaded,    // 503 (529 in the Anthropic dialect)
    upstream_rate_limited,  // 429
    upstream_failed,        // 502, the upstream's own 5xx
    stream_interrupted,     // mid-stream only
    // Ourselves.
    client_closed,  // 499, log and metrics only
    interrupted,    // ledger only: the process ended before the request did
    internal,       // 500
};

struct error_info {
    errc what;
    int status;
    std::string_view type;    // OpenAI error.type
    std::string_view code;    // OpenAI error.code; empty means null
    std::string_view metric;  // bounded label for metrics and usage rows
    std::string_view text;    // public message when the failure carries none
};

// The one row of `what`. Total: every errc has a row.
const error_info& info(errc what) noexcept;
// The row with this metric label, as stored in usage rows.
const error_info* find_error_by_metric(std::string_view metric) noexcept;

// What happened and what may be said of it. `message` is public; `detail` is private (log only, and
// never with a key, a prompt or a completion in it).
struct failure {
    errc what = errc::internal;
    std::string message;
    std::string param;
    std::string detail;
    std::string code;           // overrides info(what).code when not empty
    std::string type;           // overrides info(what).type when not empty
    std::optional<int> status;  // overrides info(what).status
    std::optional<std::chrono::milliseconds> retry_after;
    std::optional<bool> should_retry;  // x-should-retry, when known

    int http_status() const noexcept { return status ? *status : info(what).status; }
    std::string_view text() const noexcept {
        return message.empty() ? info(what).text : std::string_view(message);
    }
};

failure fail(errc what);
failure fail(errc what, std::string message, std::string param = {});
// For the log: the public part stays the table's text.
failure fail_detail(errc what, std::string detail);

template <class T>
using result = boost::system::result<T, failure>;

[[noreturn]] void throw_exception_from_error(const failure& f, const boost::source_location& where);

}  // namespace gaia
