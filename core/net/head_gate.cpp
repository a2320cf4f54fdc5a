#include "core/net/head_gate.hpp"

#include <optional>

#include "core/net/token.hpp"

namespace gaia::net {
namespace {

constexpr std::string_view methods[] = {
    "GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"};

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

// Digits only: "+4", "0x4", "4, 4", "-1" and 2^64 are refused.
std::optional<std::uint64_t> parse_length(std::string_view text) noexcept {
    if (text.empty() || text.size() > 18) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

// Calls visit(name, value) for each field line; false when a line is malformed or visit says so.
template <class Visit>
bool for_each_field(std::string_view fields, Visit visit) {
    while (!fields.empty()) {
        const auto end = fields.find("\r\n");
        if (end == std::string_view::npos) {
            return false;
        }
        const auto line = fields.substr(0, end);
        fields.remove_prefix(end + 2);
        if (line.empty()) {
            return fields.empty();
        }
        const auto colon = line.find(':');
        // A space before the colon or at the start of the line (folding) is no token character.
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
            return false;
        }
        if (!visit(line.substr(0, colon), trim(line.substr(colon + 1)))) {
            return false;
        }
    }
    return false;  // the empty line is missing
}

// Calls visit(item) for each item of a comma separated list.
template <class Visit>
void for_each_list_item(std::string_view list, Visit visit) {
    while (true) {
        const auto comma = list.find(',');
        visit(trim(list.substr(0, comma)));
        if (comma == std::string_view::npos) {
            return;
        }
        list.remove_prefix(comma + 1);
    }
}

// Tokens and empty items only, as Beast wants the list of a Connection field.
bool is_list_of_tokens(std::string_view list) {
    bool well_formed = true;
    for_each_list_item(list, [&well_formed](std::string_view item) {
        well_formed = well_formed && (item.empty() || is_token(item));
    });
    return well_formed;
}

struct common_fields {
    int lengths = 0;
    int codings = 0;
    std::uint64_t length = 0;
    bool bad_length = false;
    bool chunked = false;
    bool close = false;
    bool keep_alive = false;

    bool take(std::string_view name, std::string_view value) {
        const char first = lower(name.front());
        if (first != 'c' && first != 't') {
            return false;
        }
        if (equal_ignoring_case(name, "content-length")) {
            ++lengths;
            const auto parsed = parse_length(value);
            bad_length = bad_length || !parsed;
            length = parsed.value_or(0);
        } else if (equal_ignoring_case(name, "transfer-encoding")) {
            ++codings;
            chunked = equal_ignoring_case(value, "chunked");
        } else if (equal_ignoring_case(name, "connection")) {
            for_each_list_item(value, [this](std::string_view item) {
                close = close || equal_ignoring_case(item, "close");
                keep_alive = keep_alive || equal_ignoring_case(item, "keep-alive");
            });
        } else {
            return false;
        }
        return true;
    }
};

bool is_valid_target(std::string_view target) noexcept {
    for (const char c : target) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7F || c == '#' || c == '"' || c == '<' || c == '>' ||
            c == '\\') {
            return false;
        }
    }
    return !target.empty();
}

failure bad(const char* why) {
    return fail_detail(errc::bad_framing, why);
}

// Method, target and version; the rest of `head` after the line goes to `fields`.
result<gated_request> gate_request_line(std::string_view head, std::string_view& fields) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    fields = head.substr(end + 2);
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return bad("request line");
    }
    gated_request request;
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.' ||
        version[5] < '0' || version[5] > '9' || version[7] < '0' || version[7] > '9') {
        return bad("version");
    }
    if (!is_token(request.method) || !is_valid_target(request.target)) {
        return bad("method or target");
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return fail(errc::http_version);
    }
    request.http_1_0 = version == "HTTP/1.0";
    bool known = false;
    for (const auto method : methods) {
        known = known || method == request.method;
    }
    if (!known) {
        return fail(errc::not_implemented, "This method is not known.");
    }
    const bool absolute =
        request.target.starts_with("http://") || request.target.starts_with("https://");
    const bool whole_server = request.target == "*" && request.method == "OPTIONS";
    if (request.target[0] != '/' && !absolute && !whole_server) {
        return bad("target form");
    }
    return request;
}

// The first letters decide for most fields, as there are thirty in a real provider's head.
void take_response_field(gated_response& response, std::string_view name, std::string_view value) {
    switch (lower(name.front())) {
        case 'c':
            if (equal_ignoring_case(name, "content-type")) {
                response.content_type = value;
            } else if (equal_ignoring_case(name, "content-encoding")) {
                response.encoded =
                    response.encoded || (!value.empty() && !equal_ignoring_case(value, "identity"));
            }
            break;
        case 'r':
            if (equal_ignoring_case(name, "retry-after")) {
                response.retry_after = value;
            } else if (equal_ignoring_case(name, "retry-after-ms")) {
                response.retry_after_ms = value;
            }
            break;
        case 'o':
            if (equal_ignoring_case(name, "openai-processing-ms")) {
                response.processing_ms = value;
            }
            break;
        case 'x':
            if (equal_ignoring_case(name, "x-request-id")) {
                response.request_id = value;
            }
            break;
        default:
            break;
    }
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool is_valid_field_value(std::string_view value) noexcept {
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7F) {
            return false;
        }
    }
    return true;
}

bool is_valid_host(std::string_view host) noexcept {
    if (host.empty() || host.size() > 255 + 6) {
        return false;
    }
    std::string_view port;
    if (host.front() == '[') {
        const auto close = host.find(']');
        if (close == std::string_view::npos || close < 3 ||
            host.substr(1, close - 1).find_first_not_of("0123456789abcdefABCDEF:.") != host.npos) {
            return false;
        }
        port = host.substr(close + 1);
    } else {
        const auto colon = host.find(':');
        const auto name = host.substr(0, colon);
        for (const char c : name) {
            const bool letter = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
            if (!letter && c != '-' && c != '.' && c != '_') {
                return false;
            }
        }
        if (name.empty()) {
            return false;
        }
        port = colon == std::string_view::npos ? std::string_view() : host.substr(colon);
    }
    if (port.empty()) {
        return true;
    }
    return port.front() == ':' && port.size() > 1 && port.size() <= 6 &&
           port.substr(1).find_first_not_of("0123456789") == port.npos;
}

result<gated_request> gate_request(std::string_view head, const head_limits& limit) {
    std::string_view fields;
    auto line = gate_request_line(head, fields);
    if (!line) {
        return line.error();
    }
    gated_request request = *line;
    common_fields common;
    int hosts = 0;
    bool bad_host = false;
    bool bad_options = false;
    bool bad_expectation = false;
    std::size_t count = 0;
    const bool well_formed =
        for_each_field(fields, [&](std::string_view name, std::string_view value) {
            ++count;
            if (equal_ignoring_case(name, "connection") ||
                equal_ignoring_case(name, "proxy-connection")) {
                bad_options = bad_options || !is_list_of_tokens(value);
            }
            if (common.take(name, value)) {
                return true;
            }
            if (equal_ignoring_case(name, "host")) {
                ++hosts;
                bad_host = bad_host || !is_valid_host(value);
                request.host = value;
            } else if (equal_ignoring_case(name, "expect")) {
                request.expects_continue = equal_ignoring_case(value, "100-continue");
                bad_expectation = bad_expectation || !request.expects_continue;
            }
            return true;
        });
    if (!well_formed) {
        return bad("header line");
    }
    if (count > limit.fields) {
        return fail(errc::head_too_large);
    }
    if (bad_options) {
        return bad("connection options");
    }
    if (bad_host || hosts > 1 || (hosts == 0 && !request.http_1_0)) {
        return bad("host");
    }
    if (common.bad_length || common.lengths > 1 || common.codings > 1 ||
        (common.lengths > 0 && common.codings > 0) || (common.codings > 0 && request.http_1_0)) {
        return bad("message length");
    }
    if (common.codings > 0 && !common.chunked) {
        return bad("transfer coding");
    }
    if (bad_expectation && !request.http_1_0) {
        return fail(errc::expectation_failed);
    }
    request.expects_continue = request.expects_continue && !request.http_1_0;
    if (common.chunked) {
        request.body = framing::chunked;
    } else if (common.lengths > 0 && common.length > 0) {
        request.body = framing::length;
        request.length = common.length;
    }
    request.keep_alive = !common.close && (!request.http_1_0 || common.keep_alive);
    return request;
}

result<gated_response> gate_response(std::string_view head, const head_limits& limit) {
    const auto broken = [](const char* why) { return fail_detail(errc::upstream_broken, why); };
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    const bool http_1_0 = line.starts_with("HTTP/1.0 ");
    if ((!line.starts_with("HTTP/1.1 ") && !http_1_0) || line.size() < 12 ||
        (line.size() > 12 && line[12] != ' ')) {
        return broken("status line");
    }
    gated_response response;
    for (const char c : line.substr(9, 3)) {
        if (c < '0' || c > '9') {
            return broken("status code");
        }
        response.status = response.status * 10 + (c - '0');
    }
    if (response.status < 100 || response.status > 599) {
        return broken("status code");
    }
    common_fields common;
    std::size_t count = 0;
    const bool well_formed =
        for_each_field(head.substr(end + 2), [&](std::string_view name, std::string_view value) {
            ++count;
            if (!common.take(name, value)) {
                take_response_field(response, name, value);
            }
            return true;
        });
    if (!well_formed || count > limit.fields) {
        return broken("header line");
    }
    if (common.bad_length || common.lengths > 1 || common.codings > 1 ||
        (common.lengths > 0 && common.codings > 0) || (common.codings > 0 && !common.chunked)) {
        return broken("message length");
    }
    const bool bodyless = response.status < 200 || response.status == 204 || response.status == 304;
    if (bodyless) {
        response.body = framing::none;
    } else if (common.chunked) {
        response.body = framing::chunked;
    } else if (common.lengths > 0) {
        response.body = common.length > 0 ? framing::length : framing::none;
        response.length = common.length;
    }
    response.keep_alive =
        !common.close && (!http_1_0 || common.keep_alive) && response.body != framing::until_close;
    return response;
}

}  // namespace gaia::net
