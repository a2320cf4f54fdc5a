#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/error.hpp"
#include "core/net/head_scanner.hpp"

// The gate in front of Beast's parser, for every head that comes in. Beast 1.81 accepts framing
// that the request smuggling literature calls attacks (unknown or repeated transfer codings,
// chunked in HTTP/1.0, lists of lengths, folded lines, missing or double Host), so nothing reaches
// it that has not passed here. Pure: bytes in, verdict out. Rules: RFC 9110 and 9112, strict
// readings.
namespace gaia::net {

enum class framing : std::uint8_t { none, length, chunked, until_close };

// Views into the head.
struct gated_request {
    std::string_view method;
    std::string_view target;
    std::string_view host;  // empty only in HTTP/1.0
    bool http_1_0 = false;
    framing body = framing::none;
    std::uint64_t length = 0;
    bool keep_alive = true;
    bool expects_continue = false;
};

// A complete head of a request. Fails with bad_framing, http_version, not_implemented (unknown
// method or coding), expectation_failed, head_too_large (too many fields).
result<gated_request> gate_request(std::string_view head, const head_limits& limit);

// Views into the head, but for what is counted.
struct gated_response {
    int status = 0;
    std::string_view content_type;
    std::string_view retry_after;
    std::string_view retry_after_ms;
    std::string_view request_id;
    std::string_view processing_ms;
    framing body = framing::until_close;
    std::uint64_t length = 0;
    bool keep_alive = true;
    bool encoded = false;  // a Content-Encoding other than identity
};

// A complete head of an upstream's answer to a POST or GET. Fails with upstream_broken: two
// lengths, a length beside chunked, any other transfer coding, a malformed line.
result<gated_response> gate_response(std::string_view head, const head_limits& limit);

// Host or authority: reg-name, IPv4 or [IPv6], optional port; no path, user, query or space.
bool is_valid_host(std::string_view host) noexcept;
// May stand in a header value that we send: no control character but HTAB.
bool is_valid_field_value(std::string_view value) noexcept;
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace gaia::net
