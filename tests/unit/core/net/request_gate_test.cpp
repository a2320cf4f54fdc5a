#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/net/head_gate.hpp"

using namespace gaia;
using net::framing;

namespace {

const net::head_limits limit;

// What a head of these bytes meets, as in a session: the scanner, then the gate.
result<net::gated_request> judge(std::string_view head) {
    net::head_scanner scanner;
    switch (scanner.scan(head, limit)) {
        case net::head_scanner::verdict::bad:
            return fail(scanner.error());
        case net::head_scanner::verdict::more:
            return fail(errc::request_timeout);  // waits for more
        case net::head_scanner::verdict::complete:
            break;
    }
    return net::gate_request(head.substr(0, scanner.size()), limit);
}

std::string post(std::string_view fields) {
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

std::string get(std::string_view line) {
    return std::string(line) + "\r\nHost: a\r\n\r\n";
}

struct refused {
    const char* why;
    std::string head;
    errc what = errc::bad_framing;
};

void check_all(const std::vector<refused>& rows) {
    for (const auto& row : rows) {
        CAPTURE(row.why, row.head.substr(0, 200));
        const auto verdict = judge(row.head);
        REQUIRE_FALSE(verdict.has_value());
        CHECK(info(verdict.error().what).metric == info(row.what).metric);
    }
}

}  // namespace

TEST_CASE("request gate: every framing that could smuggle is refused", "[net][gate]") {
    const std::string nul(1, '\0');
    check_all({
        {"length, then coding", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")},
        {"coding, then length", post("Transfer-Encoding: chunked\r\nContent-Length: 400\r\n")},
        {"length beside an unknown coding",
         post("Content-Length: 4\r\nTransfer-Encoding: gzip\r\n")},
        {"gzip", post("Transfer-Encoding: gzip\r\n")},
        {"identity", post("Transfer-Encoding: identity\r\n")},
        {"chunked is not last", post("Transfer-Encoding: chunked, gzip\r\n")},
        {"chunked is last of two", post("Transfer-Encoding: gzip, chunked\r\n")},
        {"chunked twice in a list", post("Transfer-Encoding: chunked, chunked\r\n")},
        {"chunked in two fields",
         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
        {"identity after chunked",
         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")},
        {"chunked after identity",
         post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n")},
        {"xchunked", post("Transfer-Encoding: xchunked\r\n")},
        {"x-chunked", post("Transfer-Encoding: x-chunked\r\n")},
        {"folded coding", post("Transfer-Encoding:\r\n chunked\r\n")},
        {"VT before the coding",
         post("Transfer-Encoding: \x0b"
              "chunked\r\n")},
        {"NUL after the coding", post("Transfer-Encoding: chunked" + nul + "\r\n")},
        {"quoted coding", post("Transfer-Encoding: \"chunked\"\r\n")},
        {"coding with a parameter", post("Transfer-Encoding: chunked;a=b\r\n")},
        {"empty coding", post("Transfer-Encoding:\r\n")},
        {"comma behind the coding", post("Transfer-Encoding: chunked,\r\n")},
        {"space before the colon of the coding", post("Transfer-Encoding : chunked\r\n")},
        {"tab before the colon of the coding", post("Transfer-Encoding\t: chunked\r\n")},
        {"coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"two lengths", post("Content-Length: 4\r\nContent-Length: 5\r\n")},
        {"the same length twice", post("Content-Length: 4\r\nContent-Length: 4\r\n")},
        {"a list of lengths", post("Content-Length: 4, 4\r\n")},
        {"+4", post("Content-Length: +4\r\n")},
        {"0x4", post("Content-Length: 0x4\r\n")},
        {"empty length", post("Content-Length:\r\n")},
        {"space inside", post("Content-Length: 1 4\r\n")},
        {"letters", post("Content-Length: four\r\n")},
        {"digits, then a letter", post("Content-Length: 4a\r\n")},
        {"underscore", post("Content-Length: 1_0\r\n")},
        {"negative", post("Content-Length: -1\r\n")},
        {"2^64 + 4", post("Content-Length: 18446744073709551620\r\n")},
        {"2^63 - 1", post("Content-Length: 9223372036854775807\r\n")},
        {"quoted length", post("Content-Length: \"4\"\r\n")},
        {"NUL in the length", post("Content-Length: 4" + nul + "\r\n")},
        {"space before the colon of the length", post("Content-Length : 4\r\n")},
    });
}

TEST_CASE("request gate: heads that are not HTTP/1.1 are refused with the right error",
          "[net][gate]") {
    const std::string nul(1, '\0');
    check_all({
        {"no host", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"},
        {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
        {"host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
        {"host with a query", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n"},
        {"host with a fragment", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n"},
        {"host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"},
        {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        {"host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        {"list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
        {"HTTP/0.9", "GET /\r\n\r\n"},
        {"HTTP/0.9 with a version", get("GET / HTTP/0.9"), errc::http_version},
        {"HTTP/2.0", get("GET / HTTP/2.0"), errc::http_version},
        {"HTTP/1.2", get("GET / HTTP/1.2"), errc::http_version},
        {"lower case", get("GET / http/1.1")},
        {"HTTP/1", get("GET / HTTP/1")},
        {"HTTP/1.x", get("GET / HTTP/1.x")},
        {"HTTP/1.10", get("GET / HTTP/1.10")},
        {"two spaces before the target", get("GET  / HTTP/1.1")},
        {"two spaces before the version", get("GET /  HTTP/1.1")},
        {"space behind the version", get("GET / HTTP/1.1 ")},
        {"tab instead of a space", get("GET\t/\tHTTP/1.1")},
        {"space in the target", get("GET /a b HTTP/1.1")},
        {"NUL in the target", get("GET /" + nul + " HTTP/1.1")},
        {"control byte in the target", get("GET /\x01 HTTP/1.1")},
        {"DEL in the target", get("GET /\x7f HTTP/1.1")},
        {"high byte in the target", get("GET /\xc3\xa9 HTTP/1.1")},
        {"fragment in the target", get("GET /#a HTTP/1.1")},
        {"backslash in the target", get("GET /..\\ HTTP/1.1")},
        {"no target", get("GET HTTP/1.1")},
        {"target without a slash", get("GET v1/models HTTP/1.1")},
        {"authority form", get("GET a:80 HTTP/1.1")},
        {"star without OPTIONS", get("GET * HTTP/1.1")},
        {"another scheme", get("GET ftp://a/ HTTP/1.1")},
        {"unknown method", get("BREW / HTTP/1.1"), errc::not_implemented},
        {"lower-case method", get("get / HTTP/1.1"), errc::not_implemented},
        {"CONNECT", get("CONNECT a:443 HTTP/1.1"), errc::not_implemented},
        {"method with a delimiter", get("GE/T / HTTP/1.1")},
        {"empty method", get(" / HTTP/1.1")},
        {"header without a colon", post("Accept\r\n")},
        {"header without a name", post(": x\r\n")},
        {"space in a name", post("A b: x\r\n")},
        {"high byte in a name", post("\xc3\xa9: x\r\n")},
        {"NUL in a value", post("A: x" + nul + "y\r\n")},
        {"bare CR in a value", post("A: x\ry\r\n")},
        {"DEL in a value", post("A: x\x7fy\r\n")},
        {"escape in a value", post("A: \x1b[0m\r\n")},
        {"folding by a space", post("A: x\r\n y\r\n")},
        {"folding by a tab", post("A: x\r\n\ty\r\n")},
        {"space before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
        {"bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
        {"bare LF behind a header", "GET / HTTP/1.1\r\nHost: a\n\r\n"},
        {"bare LFs only", "GET / HTTP/1.1\nHost: a\n\n"},
        {"CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"},
        {"leading CR LF", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", errc::http_version},
        {"a TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8)},
        {"noise", "\xff\xfe\x80\x81\r\n\r\n"},
        {"a connection option that is no token", post("Connection: close;a\r\n")},
        {"two connection options without a comma", post("Connection: close keep-alive\r\n")},
        {"two expectations, the good one last",
         post("Expect: x\r\nExpect: 100-continue\r\n"),
         errc::expectation_failed},
        {"an unknown expectation", post("Expect: 200-ok\r\n"), errc::expectation_failed},
        {"two expectations in one", post("Expect: 100-continue, x\r\n"), errc::expectation_failed},
    });
}

TEST_CASE("request gate: each limit holds exactly", "[net][gate]") {
    const auto line = [](std::size_t size) {
        const std::string rest = "GET / HTTP/1.1";
        return get("GET /" + std::string(size - rest.size(), 'a') + " HTTP/1.1");
    };
    CHECK(judge(line(limit.line)).has_value());
    CHECK(judge(line(limit.line + 1)).error().what == errc::target_too_long);
    CHECK(judge("GET /" + std::string(100'000, 'a')).error().what == errc::target_too_long);

    const auto bytes = [](std::size_t size) {
        const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nA: \r\n\r\n";
        return "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(size - head.size(), 'a') +
               "\r\n\r\n";
    };
    CHECK(judge(bytes(limit.bytes)).has_value());
    CHECK(judge(bytes(limit.bytes + 1)).error().what == errc::head_too_large);
    CHECK(judge(post("A: " + std::string(1'000'000, 'a') + "\r\n")).error().what ==
          errc::head_too_large);
    CHECK(judge(post(std::string(64 * 1024, 'n') + ": a\r\n")).error().what ==
          errc::head_too_large);

    const auto fields = [](std::size_t count) {
        std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
        for (std::size_t i = 1; i < count; ++i) {
            head += "A: b\r\n";
        }
        return head + "\r\n";
    };
    CHECK(judge(fields(limit.fields)).has_value());
    CHECK(judge(fields(limit.fields + 1)).error().what == errc::head_too_large);
    CHECK(judge(fields(10'000)).error().what == errc::head_too_large);
}

TEST_CASE("request gate: ordinary heads pass, and say how the body ends", "[net][gate]") {
    struct row {
        std::string head;
        framing body = framing::none;
        std::uint64_t length = 0;
        bool keep_alive = true;
        bool expects_continue = false;
    };
    const std::vector<row> rows = {
        {get("GET / HTTP/1.1")},
        {get("OPTIONS * HTTP/1.1")},
        {get("GET http://a/v1/models HTTP/1.1")},
        {get("HEAD /v1/models?limit=1&b=%20 HTTP/1.1")},
        {post("Content-Length: 0\r\n")},
        {post("Content-Length: 4\r\n"), framing::length, 4},
        {post("content-length:4\r\n"), framing::length, 4},
        {post("CONTENT-LENGTH:\t 004 \t\r\n"), framing::length, 4},
        {post("Content-Length: 999999999999999999\r\n"), framing::length, 999'999'999'999'999'999U},
        {post("Transfer-Encoding: chunked\r\n"), framing::chunked},
        {post("transfer-encoding:CHUNKED\r\n"), framing::chunked},
        {post("Connection: close\r\n"), framing::none, 0, false},
        {post("Connection: TE, Close\r\n"), framing::none, 0, false},
        {post("Connection: keep-alive\r\nConnection: close\r\n"), framing::none, 0, false},
        {post("Connection: , close ,,\r\n"), framing::none, 0, false},
        {post("Connection:\r\n")},
        {post("Expect: 100-Continue\r\nContent-Length: 1\r\n"), framing::length, 1, true, true},
        {post("A: \xc3\xa9\r\nB:\r\nC: a\tb\r\n")},
        {"GET / HTTP/1.0\r\n\r\n", framing::none, 0, false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"},
        // A server may not send 100 to such a client, so it has nothing to expect.
        {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
         framing::length,
         1,
         false},
    };
    for (const auto& row : rows) {
        CAPTURE(row.head);
        const auto passed = judge(row.head);
        REQUIRE(passed.has_value());
        CHECK(passed->body == row.body);
        CHECK(passed->length == row.length);
        CHECK(passed->keep_alive == row.keep_alive);
        CHECK(passed->expects_continue == row.expects_continue);
    }
    const auto passed = judge("POST /a?b HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
    CHECK(passed->method == "POST");
    CHECK(passed->target == "/a?b");
    CHECK(passed->host == "[::1]:80");
}

TEST_CASE("request gate: a host is a name or an address with an optional port", "[net][gate]") {
    for (const char* good : {"a",
                             "a.example",
                             "a-b.c_d",
                             "127.0.0.1",
                             "localhost:8000",
                             "[::1]",
                             "[::1]:1",
                             "[::ffff:1.2.3.4]:65535"}) {
        CAPTURE(good);
        CHECK(net::is_valid_host(good));
    }
    for (const char* wrong : {"",    ":80",  "a:",  "a:b",   "a:-1",   "a:123456", "a:80:80",
                              "::1", "[::1", "[]",  "[g::]", "[::1]x", "[::1]:",   "a/",
                              "a?",  "a#",   "u@a", "a b",   "a\tb",   "a%41",     "\xc3\xa9"}) {
        CAPTURE(wrong);
        CHECK_FALSE(net::is_valid_host(wrong));
    }
    CHECK(net::is_valid_host(std::string(255, 'a') + ":65535"));
    CHECK_FALSE(net::is_valid_host(std::string(262, 'a')));
}

TEST_CASE("request gate: no control byte leaves in a header that we send", "[net][gate]") {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string value = std::string("a") + static_cast<char>(byte) + "b";
        CAPTURE(byte);
        CHECK(net::is_valid_field_value(value) == (byte == '\t' || (byte >= 0x20 && byte != 0x7F)));
    }
}
