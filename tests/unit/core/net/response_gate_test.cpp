#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/net/head_gate.hpp"

using namespace gaia;
using net::framing;

namespace {

const net::head_limits limit{64 * 1024, 64 * 1024, 100};

// As http_call does it: an upstream's answer is broken in one way only.
result<net::gated_response> judge(std::string_view head) {
    net::head_scanner scanner;
    if (scanner.scan(head, limit) != net::head_scanner::verdict::complete) {
        return fail(errc::upstream_broken);
    }
    return net::gate_response(head.substr(0, scanner.size()), limit);
}

std::string ok(std::string_view fields) {
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n";
}

}  // namespace

TEST_CASE("response gate: an upstream that does not speak HTTP/1 is broken", "[net][gate]") {
    const std::string nul(1, '\0');
    const std::vector<std::pair<const char*, std::string>> rows = {
        {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
        {"noise", std::string("\x15\x03\x03\x00\x02\x02\x46", 7)},
        {"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"},
        {"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"},
        {"lower case", "http/1.1 200 OK\r\n\r\n"},
        {"ICY", "ICY 200 OK\r\n\r\n"},
        {"no status", "HTTP/1.1 \r\n\r\n"},
        {"only a version", "HTTP/1.1\r\n\r\n"},
        {"two digits", "HTTP/1.1 20 OK\r\n\r\n"},
        {"four digits", "HTTP/1.1 2000 OK\r\n\r\n"},
        {"letters", "HTTP/1.1 abc OK\r\n\r\n"},
        {"negative", "HTTP/1.1 -20 OK\r\n\r\n"},
        {"below 100", "HTTP/1.1 099 OK\r\n\r\n"},
        {"above 599", "HTTP/1.1 600 OK\r\n\r\n"},
        {"two spaces", "HTTP/1.1  200 OK\r\n\r\n"},
        {"bare LF", "HTTP/1.1 200 OK\nA: b\n\n"},
        {"leading CR LF", "\r\nHTTP/1.1 200 OK\r\n\r\n"},
        {"NUL in the reason", "HTTP/1.1 200 O" + nul + "\r\n\r\n"},
        {"header without a colon", ok("A\r\n")},
        {"space before a colon", ok("A : b\r\n")},
        {"folding", ok("A: b\r\n c\r\n")},
        {"NUL in a value", ok("A: " + nul + "\r\n")},
        {"bare CR in a value", ok("A: b\rc\r\n")},
        {"a head of 1 MiB", ok("A: " + std::string(1024 * 1024, 'a') + "\r\n")},
        {"a status line of 1 MiB", "HTTP/1.1 200 " + std::string(1024 * 1024, 'a') + "\r\n\r\n"},
        {"length and chunked", ok("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")},
        {"chunked and length", ok("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")},
        {"two lengths", ok("Content-Length: 4\r\nContent-Length: 5\r\n")},
        {"list of lengths", ok("Content-Length: 4, 5\r\n")},
        {"negative length", ok("Content-Length: -4\r\n")},
        {"length of 2^64", ok("Content-Length: 18446744073709551616\r\n")},
        {"empty length", ok("Content-Length:\r\n")},
        {"gzip coding", ok("Transfer-Encoding: gzip\r\n")},
        {"two codings", ok("Transfer-Encoding: gzip, chunked\r\n")},
        {"two coding fields", ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    };
    for (const auto& [why, head] : rows) {
        CAPTURE(why, head.substr(0, 200));
        const auto verdict = judge(head);
        REQUIRE_FALSE(verdict.has_value());
        CHECK(verdict.error().what == errc::upstream_broken);
    }
    std::string many = "HTTP/1.1 200 OK\r\n";
    for (std::size_t i = 0; i <= limit.fields; ++i) {
        many += "A: b\r\n";
    }
    CHECK_FALSE(judge(many + "\r\n").has_value());
}

TEST_CASE("response gate: status, framing and reuse are read", "[net][gate]") {
    struct row {
        std::string head;
        int status = 200;
        framing body = framing::until_close;
        std::uint64_t length = 0;
        bool keep_alive = false;
    };
    const std::vector<row> rows = {
        {ok("")},
        {"HTTP/1.1 200\r\n\r\n"},
        {"HTTP/1.1 200 \r\n\r\n"},
        {ok("Content-Length: 0\r\n"), 200, framing::none, 0, true},
        {ok("Content-Length: 12\r\n"), 200, framing::length, 12, true},
        {ok("Transfer-Encoding: Chunked\r\n"), 200, framing::chunked, 0, true},
        {ok("Content-Length: 12\r\nConnection: close\r\n"), 200, framing::length, 12, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 12\r\n\r\n", 200, framing::length, 12, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\n",
         200,
         framing::length,
         12,
         true},
        {"HTTP/1.1 103 Early Hints\r\n\r\n", 103, framing::none, 0, true},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, framing::none, 0, true},
        {"HTTP/1.1 204 No Content\r\n\r\n", 204, framing::none, 0, true},
        // No body, whatever the head announces: the length is that of what a 200 would have sent.
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n", 304, framing::none, 0, true},
        {"HTTP/1.1 599 X\r\n\r\n", 599},
    };
    for (const auto& row : rows) {
        CAPTURE(row.head);
        const auto passed = judge(row.head);
        REQUIRE(passed.has_value());
        CHECK(passed->status == row.status);
        CHECK(passed->body == row.body);
        CHECK(passed->length == row.length);
        CHECK(passed->keep_alive == row.keep_alive);
    }
}

TEST_CASE("response gate: the fields that the relay needs are read in any case", "[net][gate]") {
    const std::string head =
        ok("CONTENT-TYPE: text/event-stream\r\nRetry-After: 3\r\nretry-after-ms: "
           "250\r\nX-Request-Id: r\r\n"
           "OpenAI-Processing-Ms: 17\r\nContent-Encoding: identity\r\n");
    const auto passed = judge(head);
    REQUIRE(passed.has_value());
    CHECK(passed->content_type == "text/event-stream");
    CHECK(passed->retry_after == "3");
    CHECK(passed->retry_after_ms == "250");
    CHECK(passed->request_id == "r");
    CHECK(passed->processing_ms == "17");
    CHECK_FALSE(passed->encoded);
    CHECK(judge(ok("content-encoding: gzip\r\n"))->encoded);
    // The second field does not undo the first.
    CHECK(judge(ok("content-encoding: gzip\r\ncontent-encoding: identity\r\n"))->encoded);
}
