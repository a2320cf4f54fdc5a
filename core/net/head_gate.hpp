#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"

// The gate in front of Beast's parser, for every head that comes in. Beast 1.81 accepts framing that
// the request smuggling literature calls attacks (unknown or repeated transfer codings, chunked in
// HTTP/1.0, lists of lengths, folded lines, missing or double Host), so nothing reaches it that has
// not passed here. Pure: bytes in, verdict out. Rules: RFC 9110 and 9112, strict readings.
namespace gaia::net {

struct head_limits {
    std::size_t line = 8 * 1024;
    std::size_t bytes = 32 * 1024;
    std::size_t fields = 100;
};

// Finds the end of a head while it arrives, and refuses bytes that cannot belong to one at once:
// control characters, a bare CR, a bare LF, more than the limits.
class head_scanner {
public:
    enum class verdict : std::uint8_t { more, complete, bad };

    // `buffer` holds everything received since the head began; goes on where it stopped.
    verdict scan(std::string_view buffer, const head_limits& limit) noexcept;
    // Bytes of the head with its empty line, when complete.
    std::size_t size() const noexcept { return scanned_; }
    // bad_framing, target_too_long or head_too_large, when bad.
    errc error() const noexcept { return error_; }
    void reset() noexcept { *this = head_scanner(); }

private:
    std::size_t scanned_ = 0;
    std::size_t line_begin_ = 0;
    std::size_t lines_ = 0;
    errc error_ = errc::bad_framing;
};

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

// A complete head of an upstream's answer to a POST or GET. Fails with upstream_broken: two lengths,
// a length beside chunked, any other transfer coding, a malformed line.
result<gated_response> gate_response(std::string_view head, const head_limits& limit);

// Host or authority: reg-name, IPv4 or [IPv6], optional port; no path, user, query or space.
bool is_valid_host(std::string_view host) noexcept;
// May stand in a header value that we send: no control character but HTAB.
bool is_valid_field_value(std::string_view value) noexcept;
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace gaia::net
