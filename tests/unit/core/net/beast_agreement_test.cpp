#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "core/net/head_gate.hpp"

using namespace gaia;
namespace http = boost::beast::http;

// The gate may be stricter than Beast, never looser: a head that one reader takes and another
// refuses or reads otherwise is how requests are smuggled.
namespace {

const net::head_limits limit;

class generator {
public:
    std::string head() {
        std::string text =
            pick({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "X"});
        text += " " + pick({"/",
                            "/v1/models",
                            "/a?b=c&d=%20",
                            "http://a/b",
                            "https://a",
                            "*",
                            "/\"",
                            "/{}|^`",
                            "a",
                            "//"});
        text +=
            " " + pick({"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/1.1 "});
        text += "\r\n";
        if (number(10) != 0) {
            text += "Host: " + pick({"a", "a:80", "[::1]:8000", "a.b-c_d"}) + "\r\n";
        }
        for (auto count = number(5); count > 0; --count) {
            text += field() + "\r\n";
        }
        text += "\r\n";
        for (auto count = number(4); count > 1; --count) {
            mutate(text);
        }
        return text;
    }

private:
    std::size_t number(std::size_t below) { return random_() % below; }

    std::string pick(std::initializer_list<const char*> from) {
        return *(from.begin() + number(from.size()));
    }

    std::string field() {
        const auto name = pick({"Content-Length",
                                "content-length",
                                "Transfer-Encoding",
                                "Connection",
                                "Expect",
                                "Upgrade",
                                "Proxy-Connection",
                                "Keep-Alive",
                                "Accept",
                                "X-!#$%&'*+-.^_`|~",
                                "TE",
                                "Trailer",
                                "Authorization",
                                "Host",
                                "Content-Type"});
        const auto value = pick({"0",
                                 "4",
                                 "004",
                                 "999999999999999999",
                                 "chunked",
                                 "Chunked",
                                 "chunked, gzip",
                                 "gzip",
                                 "close",
                                 "keep-alive",
                                 "Close, TE",
                                 "upgrade",
                                 "a b",
                                 "a,,b",
                                 ",",
                                 "",
                                 "websocket",
                                 "h2c",
                                 "100-continue",
                                 "a;b=\"c\"",
                                 "\xc3\xa9",
                                 "a\tb",
                                 "Bearer x",
                                 "4, 4",
                                 "+4",
                                 "a/b"});
        return name + pick({":", ": ", ":\t", ":  ", " :"}) + value +
               pick({"", "", "", " ", "\t "});
    }

    void mutate(std::string& text) {
        const auto at = number(text.size());
        static constexpr char bytes[] =
            "\0\t\n\r !\",/:;=[]\x7f\x80\xff"
            "0aA";
        const char byte = bytes[number(sizeof bytes - 1)];
        switch (number(4)) {
            case 0:
                text[at] = byte;
                break;
            case 1:
                text.insert(at, 1, byte);
                break;
            case 2:
                text.erase(at, 1);
                break;
            case 3:
                text.insert(number(text.size()), text.substr(at, number(20)));
                break;
        }
    }

    std::mt19937 random_{20260801};
};

}  // namespace

TEST_CASE("request gate: what it accepts, Beast accepts and reads alike", "[net][gate]") {
    generator made;
    int accepted = 0;
    for (int i = 0; i < 6'000; ++i) {
        const auto text = made.head();
        net::head_scanner scanner;
        if (scanner.scan(text, limit) != net::head_scanner::verdict::complete) {
            continue;
        }
        const auto head = text.substr(0, scanner.size());
        const auto ours = net::gate_request(head, limit);
        if (!ours) {
            continue;
        }
        ++accepted;
        CAPTURE(head);
        http::request_parser<http::empty_body> parser;
        parser.header_limit(static_cast<std::uint32_t>(limit.bytes));
        parser.body_limit(boost::none);
        boost::system::error_code ec;
        const auto used = parser.put(boost::asio::buffer(head), ec);
        REQUIRE_FALSE(ec);
        REQUIRE(parser.is_header_done());
        CHECK(used == head.size());
        const auto& theirs = parser.get();
        CHECK(std::string_view(theirs.method_string().data(), theirs.method_string().size()) ==
              ours->method);
        CHECK(std::string_view(theirs.target().data(), theirs.target().size()) == ours->target);
        CHECK((theirs.version() == 10) == ours->http_1_0);
        CHECK(parser.chunked() == (ours->body == net::framing::chunked));
        CHECK(parser.content_length().value_or(0) == ours->length);
        // Beast also reads Proxy-Connection, which says nothing about this connection (RFC 9110,
        // C.2.2).
        if (theirs.count(http::field::proxy_connection) == 0) {
            CHECK(parser.keep_alive() == ours->keep_alive);
        }
        const auto host = theirs[http::field::host];
        CHECK(std::string_view(host.data(), host.size()) == ours->host);
    }
    CHECK(accepted > 500);
}
