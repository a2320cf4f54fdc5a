#include "core/base/error.hpp"

#include <array>
#include <stdexcept>

namespace gaia {
namespace {

constexpr std::string_view bad = "invalid_request_error";
constexpr std::string_view api = "api_error";

constexpr std::array<error_info, static_cast<std::size_t>(errc::internal) + 1> table{{
    {errc::invalid_request, 400, bad, "", "invalid_request", "The request is not valid."},
    {errc::invalid_json,
     400,
     bad,
     "invalid_json",
     "invalid_json",
     "The request body is not valid JSON."},
    {errc::invalid_value,
     400,
     bad,
     "invalid_value",
     "invalid_value",
     "A parameter has an invalid value."},
    {errc::missing_parameter,
     400,
     bad,
     "missing_required_parameter",
     "missing_parameter",
     "A required parameter is missing."},
    {errc::unsupported_parameter,
     400,
     bad,
     "unsupported_parameter",
     "unsupported_parameter",
     "A parameter is not supported."},
    {errc::context_length_exceeded,
     400,
     bad,
     "context_length_exceeded",
     "context_length",
     "The prompt is too long for this model."},
    {errc::content_filter,
     400,
     bad,
     "content_policy_violation",
     "content_filter",
     "The request was refused by a content policy."},
    {errc::two_credentials,
     400,
     bad,
     "invalid_api_key",
     "two_credentials",
     "The request carries more than one credential."},
    {errc::invalid_api_key,
     401,
     bad,
     "invalid_api_key",
     "invalid_api_key",
     "Incorrect API key provided."},
    {errc::key_disabled, 401, bad, "invalid_api_key", "key_disabled", "This API key is disabled."},
    {errc::key_expired, 401, bad, "invalid_api_key", "key_expired", "This API key has expired."},
    {errc::not_allowed,
     403,
     "permission_error",
     "not_allowed",
     "not_allowed",
     "This API key may not do that."},
    {errc::model_not_found,
     404,
     bad,
     "model_not_found",
     "model_not_found",
     "The model does not exist or you do not have access to it."},
    {errc::unknown_url, 404, bad, "unknown_url", "unknown_url", "Unknown request URL."},
    {errc::not_found, 404, bad, "not_found", "not_found", "No such object."},
    {errc::method_not_allowed,
     405,
     bad,
     "method_not_supported",
     "method_not_allowed",
     "This method is not supported for this URL."},
    {errc::request_timeout,
     408,
     "timeout_error",
     "request_timeout",
     "request_timeout",
     "The request took too long to arrive."},
    {errc::conflict, 409, bad, "conflict", "conflict", "The object was changed or exists already."},
    {errc::request_too_large,
     413,
     bad,
     "request_too_large",
     "request_too_large",
     "The request body is too large."},
    {errc::target_too_long,
     414,
     bad,
     "uri_too_long",
     "target_too_long",
     "The request URL is too long."},
    {errc::unsupported_media_type,
     415,
     bad,
     "unsupported_media_type",
     "unsupported_media_type",
     "The request body must be uncompressed JSON (application/json)."},
    {errc::expectation_failed,
     417,
     bad,
     "expectation_failed",
     "expectation_failed",
     "The expectation of the request cannot be met."},
    {errc::misdirected_request,
     421,
     bad,
     "misdirected_request",
     "misdirected_request",
     "This server does not answer for that host."},
    {errc::validation_failed,
     422,
     bad,
     "validation_error",
     "validation_failed",
     "A field has an invalid value."},
    {errc::head_too_large,
     431,
     bad,
     "request_header_fields_too_large",
     "head_too_large",
     "The request head is too large."},
    {errc::not_implemented,
     501,
     bad,
     "not_implemented",
     "not_implemented",
     "This is not implemented."},
    {errc::http_version,
     505,
     bad,
     "http_version_not_supported",
     "http_version",
     "This HTTP version is not supported."},
    {errc::bad_framing,
     400,
     bad,
     "bad_request",
     "bad_framing",
     "The request is not valid HTTP/1.1."},
    {errc::rate_limited,
     429,
     "rate_limit_error",
     "rate_limit_exceeded",
     "rate_limited",
     "Rate limit reached."},
    {errc::insufficient_quota,
     429,
     "insufficient_quota",
     "insufficient_quota",
     "insufficient_quota",
     "The budget of this key is used up."},
    {errc::overloaded,
     503,
     "service_unavailable_error",
     "server_is_overloaded",
     "overloaded",
     "The server is overloaded. Please try again."},
    {errc::draining,
     503,
     "service_unavailable_error",
     "server_is_overloaded",
     "draining",
     "The server is shutting down. Please try again."},
    {errc::usage_backlog,
     503,
     "service_unavailable_error",
     "usage_backlog",
     "usage_backlog",
     "Usage cannot be recorded at the moment. Please try again."},
    {errc::upstream_unreachable,
     502,
     "server_error",
     "bad_gateway",
     "upstream_unreachable",
     "The model provider cannot be reached."},
    {errc::upstream_broken,
     502,
     "server_error",
     "bad_gateway",
     "upstream_broken",
     "The model provider sent an answer that cannot be used."},
    {errc::upstream_timeout,
     504,
     "timeout_error",
     "request_timeout",
     "upstream_timeout",
     "The model provider did not answer in time."},
    {errc::upstream_credentials,
     502,
     "server_error",
     "bad_gateway",
     "upstream_credentials",
     "The model provider refused the gateway's credentials."},
    {errc::upstream_rejected,
     400,
     bad,
     "",
     "upstream_rejected",
     "The model provider rejected the request."},
    {errc::upstream_overloaded,
     503,
     "service_unavailable_error",
     "server_is_overloaded",
     "upstream_overloaded",
     "The model provider is overloaded. Please try again."},
    {errc::upstream_rate_limited,
     429,
     "rate_limit_error",
     "rate_limit_exceeded",
     "upstream_rate_limited",
     "The model provider's rate limit was reached."},
    {errc::upstream_failed,
     502,
     "server_error",
     "bad_gateway",
     "upstream_failed",
     "The model provider failed."},
    {errc::stream_interrupted,
     502,
     api,
     "upstream_error",
     "stream_interrupted",
     "The model provider's stream ended before it was complete."},
    {errc::client_closed,
     499,
     bad,
     "client_closed_request",
     "client_left",
     "The client closed the connection."},
    {errc::interrupted,
     500,
     api,
     "interrupted",
     "interrupted",
     "The gateway stopped before the request ended."},
    {errc::internal,
     500,
     "server_error",
     "internal_error",
     "internal",
     "The gateway failed to handle this request."},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].what) != i) {
            return false;
        }
    }
    return true;
}
static_assert(in_order(), "one row for each errc, in the order of the enum");

}  // namespace

const error_info& info(errc what) noexcept {
    return table[static_cast<std::size_t>(what)];
}

const error_info* find_error_by_metric(std::string_view metric) noexcept {
    for (const auto& row : table) {
        if (row.metric == metric) {
            return &row;
        }
    }
    return nullptr;
}

failure fail(errc what) {
    failure f;
    f.what = what;
    return f;
}

failure fail(errc what, std::string message, std::string param) {
    failure f;
    f.what = what;
    f.message = std::move(message);
    f.param = std::move(param);
    return f;
}

failure fail_detail(errc what, std::string detail) {
    failure f;
    f.what = what;
    f.detail = std::move(detail);
    return f;
}

void throw_exception_from_error(const failure& f, const boost::source_location&) {
    throw std::logic_error("result has no value: " + std::string(info(f.what).metric));
}

}  // namespace gaia
