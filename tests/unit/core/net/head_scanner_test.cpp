#include "core/net/head_scanner.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace gaia;
using net::head_scanner;
using verdict = net::head_scanner::verdict;

namespace {

const net::head_limits small{40, 160, 4};

struct outcome {
    verdict what = verdict::more;
    std::size_t size = 0;
    errc error = errc::internal;
    bool operator==(const outcome&) const = default;
};

outcome result_of(head_scanner& scanner, std::string_view buffer) {
    outcome seen;
    seen.what = scanner.scan(buffer, small);
    if (seen.what == verdict::complete) {
        seen.size = scanner.size();
    } else if (seen.what == verdict::bad) {
        seen.error = scanner.error();
    }
    return seen;
}

outcome whole(std::string_view text) {
    head_scanner scanner;
    return result_of(scanner, text);
}

// As a session reads: after each piece the buffer is longer, and may stand elsewhere.
outcome in_pieces(std::string_view text, const std::vector<std::size_t>& ends) {
    head_scanner scanner;
    outcome seen;
    for (const auto end : ends) {
        const std::string moved(text.substr(0, end));
        seen = result_of(scanner, moved);
        if (seen.what != verdict::more) {
            break;
        }
    }
    return seen;
}

const std::vector<std::string>& heads() {
    static const std::vector<std::string> rows = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n",  // pipelined
        "GET / HTTP/1.1\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\nA: " + std::string(70, 'x') + "\tb\r\n\r\n",
        "GET / HTTP/1.1\r\nA: " + std::string(45, 'x') + "\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nA: " + std::string(45, 'x') + "\nb\r\n\r\n",
        "GET / HTTP/1.1\r\nA: " + std::string(45, 'x') + "\x7f\r\n\r\n",
        "GET / HTTP/1.1\r\nA: " + std::string(45, 'x') + "\x80\xff\r\n\r\n",
        "GET / HTTP/1.1\r\nA: " + std::string(1, '\0') + "\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\r\n\r\n",
        "GET / HTTP/1.1\nA: b\n\n",
        "GET / HTTP/1.1\r\nA: b\r\nC: d\r\nE: f\r\nG: h\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\nC: d\r\nE: f\r\nG: h\r\nI: j\r\n\r\n",  // one field too many
        "GET /" + std::string(26, 'a') + " HTTP/1.1\r\n\r\n",
        "GET /" + std::string(27, 'a') + " HTTP/1.1\r\n\r\n",  // one byte too long
        "GET / HTTP/1.1\r\nA: " + std::string(137, 'x') + "\r\n\r\n",
        "GET / HTTP/1.1\r\nA: " + std::string(138, 'x') + "\r\n\r\n",
        "GET / HTTP/1.1\r\nA: " + std::string(500, 'x') + "\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\n\r\n",
        "\x16\x03\x01",
    };
    return rows;
}

}  // namespace

TEST_CASE("head scanner: cut at any byte it says the same", "[net][gate]") {
    for (const auto& text : heads()) {
        const auto expected = whole(text);
        CAPTURE(text);
        std::vector<std::size_t> every;
        for (std::size_t i = 0; i <= text.size(); ++i) {
            every.push_back(i);
            CAPTURE(i);
            CHECK(in_pieces(text, {i, text.size()}) == expected);
        }
        CHECK(in_pieces(text, every) == expected);
    }
}

TEST_CASE("head scanner: the verdict does not depend on where a byte stands in a block",
          "[net][gate]") {
    // The scanner steps over sixteen bytes at a time.
    for (std::size_t before = 0; before < 40; ++before) {
        for (const int byte : {0, 9, 10, 13, 31, 32, 126, 127, 128, 255}) {
            const std::string text = "GET / HTTP/1.1\r\nA: " + std::string(before, 'x') +
                                     static_cast<char>(byte) + std::string(40, 'y') + "\r\n\r\n";
            CAPTURE(before, byte);
            const bool fits = byte == 9 || (byte >= 32 && byte != 127);
            CHECK((whole(text).what == verdict::complete) == fits);
        }
    }
}

TEST_CASE("head scanner: ends behind the empty line and knows when more is needed", "[net][gate]") {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    CHECK(whole(head + "body").size == head.size());
    for (std::size_t i = 0; i < head.size(); ++i) {
        CHECK(whole(head.substr(0, i)).what == verdict::more);
    }
    head_scanner scanner;
    CHECK(scanner.scan("\n", small) == verdict::bad);
    scanner.reset();
    CHECK(scanner.scan(head, small) == verdict::complete);
}

TEST_CASE("head scanner: each limit is exact", "[net][gate]") {
    const auto line = [](std::size_t size) {
        return "GET /" + std::string(size - 14, 'a') + " HTTP/1.1\r\n\r\n";
    };
    CHECK(whole(line(small.line)).what == verdict::complete);
    CHECK(whole(line(small.line + 1)).error == errc::target_too_long);

    const auto bytes = [](std::size_t size) {
        return "GET / HTTP/1.1\r\nA: " + std::string(size - 23, 'x') + "\r\n\r\n";
    };
    CHECK(whole(bytes(small.bytes)).what == verdict::complete);
    CHECK(whole(bytes(small.bytes + 1)).error == errc::head_too_large);
    CHECK(whole(bytes(small.bytes + 2)).error == errc::head_too_large);
}
