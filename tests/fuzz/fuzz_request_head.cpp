#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/net/head_gate.hpp"

// The first byte chooses where the head is cut. Properties: any cut gives the same verdict, and
// what the gate accepts Beast accepts too, with the same method, target and framing.
namespace {

namespace http = boost::beast::http;
using gaia::net::head_scanner;

constexpr gaia::net::head_limits limit{96, 512, 8};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

head_scanner::verdict scan(head_scanner& scanner, std::string_view text) {
    const std::vector<char> copy(text.begin(), text.end());  // so that ASan sees its edges
    return scanner.scan({copy.data(), copy.size()}, limit);
}

void compare_with_beast(std::string_view head, const gaia::net::gated_request& ours) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
    parser.body_limit(boost::none);
    boost::system::error_code ec;
    parser.put(boost::asio::buffer(head.data(), head.size()), ec);
    require(!ec && parser.is_header_done());
    const auto& theirs = parser.get();
    require(theirs.method_string() ==
            boost::beast::string_view(ours.method.data(), ours.method.size()));
    require(theirs.target() == boost::beast::string_view(ours.target.data(), ours.target.size()));
    require((theirs.version() == 10) == ours.http_1_0);
    require(parser.chunked() == (ours.body == gaia::net::framing::chunked));
    require(parser.content_length().value_or(0) == ours.length);
    // Beast also reads Proxy-Connection, which says nothing about this connection (RFC 9110,
    // C.2.2).
    require(theirs.count(http::field::proxy_connection) > 0 ||
            parser.keep_alive() == ours.keep_alive);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    head_scanner whole;
    const auto verdict = scan(whole, text);

    head_scanner cut;
    auto step = static_cast<std::size_t>(*data % 16 + 1);
    auto last = head_scanner::verdict::more;
    for (std::size_t end = 0; last == head_scanner::verdict::more && end < text.size();
         end += step) {
        last = scan(cut, text.substr(0, end));
    }
    if (last == head_scanner::verdict::more) {
        last = scan(cut, text);
    }
    require(last == verdict);
    if (verdict == head_scanner::verdict::bad) {
        require(cut.error() == whole.error());
    }
    if (verdict != head_scanner::verdict::complete) {
        return 0;
    }
    require(cut.size() == whole.size() && whole.size() <= limit.bytes);
    const std::vector<char> copy(text.begin(),
                                 text.begin() + static_cast<std::ptrdiff_t>(whole.size()));
    const std::string_view head(copy.data(), copy.size());
    if (const auto accepted = gaia::net::gate_request(head, limit)) {
        compare_with_beast(head, *accepted);
    }
    return 0;
}
