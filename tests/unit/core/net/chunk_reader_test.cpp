#include "core/net/chunk_reader.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using gaia::net::chunk_reader;
using state = chunk_reader::state;

namespace {

struct outcome {
    state at = state::reading;
    std::string data;
    std::size_t consumed = 0;  // bad: not compared, as a reader may stop anywhere then
};

bool same(const outcome& a, const outcome& b) {
    return a.at == b.at && a.data == b.data && (a.at == state::bad || a.consumed == b.consumed);
}

void feed(chunk_reader& reader, std::string_view part, outcome& seen) {
    while (!part.empty() && reader.at() == state::reading) {
        const auto step = reader.next(part);
        if (step.consumed == 0) {
            break;
        }
        seen.data.append(step.data);
        seen.consumed += step.consumed;
        part.remove_prefix(step.consumed);
    }
    seen.at = reader.at();
}

outcome read(const std::vector<std::string_view>& parts, chunk_reader::limits limit = {}) {
    chunk_reader reader(limit);
    outcome seen;
    for (const auto part : parts) {
        feed(reader, part, seen);
    }
    return seen;
}

void check_cuts(std::string_view text) {
    const auto expected = read({text});
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bytes.push_back(text.substr(i, 1));
        CAPTURE(i);
        CHECK(same(read({text.substr(0, i), text.substr(i)}), expected));
    }
    CHECK(same(read(bytes), expected));
}

}  // namespace

TEST_CASE("chunk reader: good bodies give their data, however they are cut", "[net][chunks]") {
    struct row {
        std::string text;
        std::string data;
    };
    const std::vector<row> rows = {
        {"0\r\n\r\n", ""},
        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
        {"0000a\r\n0123456789\r\n000\r\n\r\n", "0123456789"},
        {"4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"},  // data that looks like framing
        {"5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello"},
        {"5;a=\"x y\"\r\nhello\r\n0\r\n\r\n", "hello"},
        {"0\r\nExpires: x\r\nX-Sum: 1\r\n\r\n", ""},
        {"0\r\nX-Empty:\r\n\r\n", ""},
        {"0\r\nHostess: x\r\n\r\n", ""},  // not Host
        {"1\r\n" + std::string(1, '\0') + "\r\n0\r\n\r\n", std::string(1, '\0')},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const auto seen = read({row.text});
        CHECK(seen.at == state::done);
        CHECK(seen.data == row.data);
        CHECK(seen.consumed == row.text.size());
        check_cuts(row.text);
    }
}

TEST_CASE("chunk reader: bytes behind the end belong to the next message", "[net][chunks]") {
    const std::string body = "1\r\na\r\n0\r\n\r\n";
    const auto seen = read({body + "GET / HTTP/1.1\r\n"});
    CHECK(seen.at == state::done);
    CHECK(seen.consumed == body.size());
}

TEST_CASE("chunk reader: everything that could be read in two ways is refused", "[net][chunks]") {
    const std::string nul(1, '\0');
    const std::vector<std::pair<const char*, std::string>> rows = {
        {"0x", "0x5\r\nhello\r\n0\r\n\r\n"},
        {"plus", "+5\r\nhello\r\n0\r\n\r\n"},
        {"minus", "-5\r\nhello\r\n0\r\n\r\n"},
        {"underscore", "1_0\r\nhello\r\n0\r\n\r\n"},
        {"leading space", " 5\r\nhello\r\n0\r\n\r\n"},
        {"trailing space", "5 \r\nhello\r\n0\r\n\r\n"},
        {"space before an extension", "5 ;a\r\nhello\r\n0\r\n\r\n"},
        {"empty size", "\r\nhello\r\n0\r\n\r\n"},
        {"only an extension", ";a\r\nhello\r\n0\r\n\r\n"},
        {"no digit", "g\r\nhello\r\n0\r\n\r\n"},
        {"bare LF behind the size", "5\nhello\r\n0\r\n\r\n"},
        {"bare CR behind the size", "5\rhello\r\n0\r\n\r\n"},
        {"2^64 + 5", "10000000000000005\r\nhello\r\n0\r\n\r\n"},
        {"leading zeros without end", std::string(100, '0') + "5\r\nhello\r\n0\r\n\r\n"},
        {"data ends in LF", "5\r\nhello\n0\r\n\r\n"},
        {"data ends in CR", "5\r\nhello\r0\r\n\r\n"},
        {"data is longer", "5\r\nhelloXX0\r\n\r\n"},
        {"data ends in nothing", "5\r\nhello0\r\n\r\n"},
        {"data is shorter", "6\r\nhello\r\n0\r\n\r\n"},
        {"NUL in an extension", "5;a" + nul + "\r\nhello\r\n0\r\n\r\n"},
        {"bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"},
        {"bare LF in an extension", "5;a\nhello\r\n0\r\n\r\n"},
        {"64 KiB of extension", "5;" + std::string(65536, 'a') + "\r\nhello\r\n0\r\n\r\n"},
        {"8 KiB of trailers", "0\r\nA: " + std::string(8192, 'a') + "\r\n\r\n"},
        {"end in bare LF", "0\r\n\n"},
        {"end in CR and another byte", "0\r\n\rx"},
        {"trailer without a name", "0\r\n: a\r\n\r\n"},
        {"trailer without a colon", "0\r\nabc\r\n\r\n"},
        {"trailer with a space before the colon", "0\r\nA : b\r\n\r\n"},
        {"folded trailer", "0\r\nA: b\r\n c\r\n\r\n"},
        {"control byte in a trailer", "0\r\nA: \x01\r\n\r\n"},
        {"bare LF in a trailer", "0\r\nA: b\n\r\n"},
        {"delimiter in a trailer's name", "0\r\nA(b: c\r\n\r\n"},
        {"high byte in a trailer's name", "0\r\n\xc3\xa9: c\r\n\r\n"},
        {"content-length", "0\r\nContent-Length: 5\r\n\r\n"},
        {"transfer-encoding", "0\r\nTRANSFER-ENCODING: chunked\r\n\r\n"},
        {"host", "0\r\nhost: a\r\n\r\n"},
        {"authorization", "0\r\nAuthorization: Bearer x\r\n\r\n"},
        {"x-api-key", "0\r\nX-Api-Key: x\r\n\r\n"},
        {"api-key", "0\r\nA: b\r\napi-key: x\r\n\r\n"},
        {"cookie", "0\r\nCookie: a=b\r\n\r\n"},
        {"content-type", "0\r\nContent-Type: text/plain\r\n\r\n"},
    };
    for (const auto& [why, text] : rows) {
        CAPTURE(why);
        CHECK(read({text}).at == state::bad);
        if (text.size() < 200) {
            check_cuts(text);
        }
    }
}

TEST_CASE("chunk reader: a body that stops is neither whole nor bad", "[net][chunks]") {
    const std::string text = "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for (std::size_t i = 0; i < text.size(); ++i) {
        CAPTURE(i);
        CHECK(read({text.substr(0, i)}).at == state::reading);
    }
}

TEST_CASE("chunk reader: extensions and trailers have a limit for the whole body",
          "[net][chunks]") {
    const chunk_reader::limits limit{10, 10};
    CHECK(read({"1;12345\r\na\r\n1;12345\r\na\r\n0\r\n\r\n"}, limit).at == state::done);
    CHECK(read({"1;12345\r\na\r\n1;12345\r\na\r\n0;1\r\n\r\n"}, limit).at == state::bad);
    CHECK(read({"0\r\nA: bc\r\nD: ef\r\n\r\n"}, limit).at == state::done);
    CHECK(read({"0\r\nA: bc\r\nD: efg\r\n\r\n"}, limit).at == state::bad);
    // The largest size that is read needs no multiplication that could overflow.
    CHECK(read({"fffffffffffffff\r\nabc"}).at == state::reading);
    CHECK(read({"1000000000000000\r\nabc"}).at == state::bad);
}
