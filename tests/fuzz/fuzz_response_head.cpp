#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdlib>
#include <vector>

#include "core/net/head_gate.hpp"

// What the gate accepts of an upstream and Beast too, both read with the same status and framing.
namespace {

namespace http = boost::beast::http;
using gaia::net::framing;
using gaia::net::head_scanner;

constexpr gaia::net::head_limits limit{512, 512, 8};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    head_scanner scanner;
    if (scanner.scan(text, limit) != head_scanner::verdict::complete) {
        return 0;
    }
    const std::vector<char> head(text.begin(),
                                 text.begin() + static_cast<std::ptrdiff_t>(scanner.size()));
    const auto ours = gaia::net::gate_response({head.data(), head.size()}, limit);
    if (!ours) {
        require(ours.error().what == gaia::errc::upstream_broken);
        return 0;
    }
    http::response_parser<http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
    parser.body_limit(boost::none);
    boost::system::error_code ec;
    parser.put(boost::asio::buffer(head.data(), head.size()), ec);
    if (ec) {
        return 0;  // a malformed Connection field, which decides nothing that we would not rather
                   // close
    }
    require(parser.is_header_done());
    require(static_cast<int>(parser.get().result_int()) == ours->status);
    if (ours->body != framing::none) {
        require(parser.chunked() == (ours->body == framing::chunked));
        require(parser.content_length().value_or(0) == ours->length);
        require((ours->body == framing::until_close) ==
                (!parser.chunked() && !parser.content_length()));
    }
    return 0;
}
