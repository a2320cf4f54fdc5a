#include "core/json/peek.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "core/json/cursor.hpp"

using namespace gaia::json;

namespace {

constexpr std::array<std::string_view, 3> keys{"model", "stream", "n"};

problem problem_of(std::string_view text, const limits& limit = {}) {
    std::array<found, 3> out;
    return peek(text, keys, out, limit).what;
}

std::string nested(std::size_t depth, bool closed) {
    return std::string(depth, '[') + (closed ? std::string(depth, ']') : std::string());
}

}  // namespace

TEST_CASE("peek: notes where the chosen top-level values stand", "[json]") {
    constexpr std::string_view text =
        R"( {"a":{"model":"inner"},"mod\u0065l" : "gpt","stream":true, "list":[{"n":1}] , "n":-12.5e+3} )";
    std::array<found, 3> out;
    REQUIRE(peek(text, keys, out));
    CHECK(out[0].in(text) == R"("gpt")");
    CHECK(out[0].type == kind::string);
    CHECK(out[1].in(text) == "true");
    CHECK(out[1].type == kind::boolean);
    CHECK(out[2].in(text) == "-12.5e+3");
    CHECK(out[2].type == kind::number);
}

TEST_CASE("peek: every kind of value has its kind and its span", "[json]") {
    constexpr std::array<std::string_view, 1> one{"k"};
    const std::vector<std::pair<std::string, kind>> rows = {{"null", kind::null},
                                                            {"false", kind::boolean},
                                                            {"0", kind::number},
                                                            {R"("")", kind::string},
                                                            {"[]", kind::array},
                                                            {"{}", kind::object},
                                                            {"[ ]", kind::array},
                                                            {"{ }", kind::object},
                                                            {"[1,[2,{}]]", kind::array},
                                                            {R"({"k":1})", kind::object}};
    for (const auto& [raw, type] : rows) {
        const auto text = "{\"x\":[],\"k\": " + raw + " ,\"y\":0}";
        CAPTURE(text);
        std::array<found, 1> out;
        REQUIRE(peek(text, one, out));
        CHECK(out[0].in(text) == raw);
        CHECK(out[0].type == type);
    }
}

TEST_CASE("peek: refuses what is not JSON, and says why", "[json]") {
    const std::vector<std::pair<std::string, problem>> rows = {
        {"", problem::empty},
        {" \r\n\t", problem::empty},
        {"{", problem::truncated},
        {R"({"model")", problem::truncated},
        {R"({"model":"a)", problem::truncated},
        {R"({"model":tru)", problem::truncated},
        {R"({"model":-)", problem::truncated},
        {R"({"model":1)", problem::truncated},
        {R"({"model":1} x)", problem::trailing},
        {R"({"model":1}{"model":2})", problem::trailing},
        {std::string("{\"a\":1}\0", 8), problem::trailing},
        {"[]", problem::not_an_object},
        {"\"text\"", problem::not_an_object},
        {"null", problem::not_an_object},
        {"12", problem::not_an_object},
        {"[1,]", problem::syntax},
        {R"({"a":1,})", problem::syntax},
        {R"({'a':1})", problem::syntax},
        {R"({a:1})", problem::syntax},
        {R"({"a" 1})", problem::syntax},
        {R"({"a":1 "b":2})", problem::syntax},
        {R"({"a":1]})", problem::syntax},
        {"[}", problem::syntax},
        {"// c\n{}", problem::syntax},
        {"{}/* c */", problem::trailing},
        {R"({"a":NaN})", problem::syntax},
        {R"({"a":Infinity})", problem::syntax},
        {R"({"a":.5})", problem::syntax},
        {R"({"a":1.})", problem::syntax},
        {R"({"a":01})", problem::syntax},
        {R"({"a":+1})", problem::syntax},
        {R"({"a":1e})", problem::syntax},
        {R"({"a":0x10})", problem::syntax},
        {R"({"a":1e999999})", problem::number_too_long},
        {R"({"a":1e309})", problem::number_too_long},
        {"{\"a\":" + std::string(1'000'000, '7') + "}", problem::number_too_long},
        {R"({"model":1,"model":2})", problem::duplicate_key},
        {R"({"model":1,"mod\u0065l":2})", problem::duplicate_key},
        {"{\"a\":\"\x01\"}", problem::control_character},
        {"{\"a\":\"\n\"}", problem::control_character},
        {R"({"a":"\x"})", problem::bad_escape},
        {R"({"a":"\u12g4"})", problem::bad_escape},
        {"{\"a\":\"\xc0\xaf\"}", problem::bad_utf8},          // overlong
        {"{\"a\":\"\xe0\x80\xaf\"}", problem::bad_utf8},      // overlong
        {"{\"a\":\"\xed\xa0\x80\"}", problem::bad_utf8},      // surrogate
        {"{\"a\":\"\xf4\x90\x80\x80\"}", problem::bad_utf8},  // above U+10FFFF
        {"{\"a\":\"\xff\"}", problem::bad_utf8},
        {"{\"a\":\"\x80\"}", problem::bad_utf8},
        {"{\"a\":\"\xe4\xb8\"}", problem::bad_utf8},
        {"\xef\xbb\xbf{}", problem::syntax},              // byte order mark
        {std::string("{\0\"\0a\0", 6), problem::syntax},  // UTF-16
        {"<xml/>", problem::syntax},
        {"model=gpt", problem::syntax},
        {nested(10'000, true), problem::too_deep},
        {nested(1'000'000, false), problem::too_deep},
    };
    for (const auto& [text, what] : rows) {
        CAPTURE(text.substr(0, 60));
        CHECK(static_cast<int>(problem_of(text)) == static_cast<int>(what));
    }
}

TEST_CASE("peek: accepts what is JSON", "[json]") {
    for (const auto* text : {"{}",
                             " { } ",
                             R"({"a":"\ud800"})",
                             R"({"a":"\ud83d\ude00 \"\\\/\b\f\n\r\t"})",
                             R"({"a":[0,-0,0.5,1e5,1E-5,-1.25e+2]})",
                             "{\"a\":\"\xe4\xb8\xad\xf0\x9f\x98\x80\xc3\xa9\"}",
                             R"({"":1,"":2})",
                             "{\"a\":\"\x7f\"}"}) {
        CAPTURE(text);
        CHECK(problem_of(text) == problem::none);
    }
}

TEST_CASE("peek: the depth limit is exact", "[json]") {
    limits limit;
    limit.depth = 10;
    CHECK(validate(nested(10, true), limit).what == problem::none);
    CHECK(validate(nested(11, true), limit).what == problem::too_deep);
    limit.depth = 100'000;  // held to 1024, as the stack of bits is
    CHECK(validate(nested(1024, true), limit).what == problem::none);
    CHECK(validate(nested(1025, true), limit).what == problem::too_deep);
}

TEST_CASE("peek: a document cut anywhere is never taken for a whole one", "[json]") {
    const std::string text =
        "{\"model\":\"gpt \\u00e9 \xe4\xb8\xad \\\" and a tail of plain text\",\"stream\":false,"
        "\"n\":1.5e3,\"deep\":[[{\"a\":[null,true,\"\"]}]]}";
    REQUIRE(problem_of(text) == problem::none);
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
        CAPTURE(cut);
        CHECK(problem_of(std::string_view(text).substr(0, cut)) != problem::none);
    }
}

TEST_CASE("peek: a special byte is seen at every distance from the vector's edges", "[json]") {
    for (std::size_t before = 0; before < 40; ++before) {
        for (std::size_t after = 0; after < 40; after += 13) {
            CAPTURE(before, after);
            const std::string head(before, 'a');
            const std::string tail(after, 'b');
            CHECK(problem_of("{\"k\":\"" + head + "\x1f" + tail + "\"}") ==
                  problem::control_character);
            CHECK(problem_of("{\"k\":\"" + head + "\xff" + tail + "\"}") == problem::bad_utf8);
            CHECK(problem_of("{\"k\":\"" + head + "\\q" + tail + "\"}") == problem::bad_escape);
            CHECK(problem_of("{\"k\":\"" + head + "\xc3\xa9" + tail + "\"}") == problem::none);
        }
    }
}

TEST_CASE("json values: integers are exact or nothing", "[json]") {
    CHECK(to_int64("0") == 0);
    CHECK(to_int64("-7") == -7);
    CHECK(to_int64("9223372036854775807") == INT64_MAX);
    for (const auto* raw : {"9223372036854775808", "1.0", "1e3", "\"1\"", "", "null", "1 "}) {
        CAPTURE(raw);
        CHECK_FALSE(to_int64(raw));
    }
    CHECK(to_double("1.5e3") == 1500.0);
    CHECK_FALSE(to_double("inf"));
    CHECK_FALSE(to_double("\"1\""));
}

TEST_CASE("json values: text is decoded and encoded", "[json]") {
    CHECK(to_text(R"("")").empty());
    CHECK(to_text(R"("a\n\t\"\\\/\u00e9\u4e2d\ud83d\ude00z")") ==
          "a\n\t\"\\/\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80z");
    CHECK(to_text(R"("\ud800x")") == "\xef\xbf\xbdx");
    CHECK(to_text(R"("\ud800\u0041")") ==
          "\xef\xbf\xbd"
          "A");
    std::string out;
    append_quoted(out, std::string_view("a\"\\\n\r\t\x01\0\xe4\xb8\xad\xff\xc3", 13));
    CHECK(out == "\"a\\\"\\\\\\n\\r\\t\\u0001\\u0000\xe4\xb8\xad\xef\xbf\xbd\xef\xbf\xbd\"");
    CHECK(validate(out));
}

TEST_CASE("json cursors: walk members and elements", "[json]") {
    constexpr std::string_view text =
        R"({ "a" : [1, "x,]\"", {"b":[]}, null ] ,"b\u0063":{"k":2} , "d":true})";
    REQUIRE(validate(text));
    std::string seen;
    for (member_cursor at(text); at.next();) {
        seen += std::string(at.key()) + "=" + std::string(at.value()) + ";";
    }
    CHECK(seen == R"(a=[1, "x,]\"", {"b":[]}, null ];b\u0063={"k":2};d=true;)");
    CHECK(member(text, "bc") == R"({"k":2})");
    CHECK(member(text, "none").empty());
    std::string elements;
    for (element_cursor at(member(text, "a")); at.next();) {
        elements += std::string(at.value()) + ";";
    }
    CHECK(elements == R"(1;"x,]\"";{"b":[]};null;)");
    for (const std::string_view empty : {"[]", "[ ]"}) {
        CHECK_FALSE(element_cursor(empty).next());
    }
    CHECK_FALSE(member_cursor("{ }").next());
}

TEST_CASE("json cursors: stay inside text that was never validated", "[json]") {
    const std::string text = R"({"a":[1,{"b":"c\"}],"d":tru,,]}{"e" "f":})";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        int steps = 0;
        for (member_cursor at(std::string_view(text).substr(0, cut)); at.next();) {
            REQUIRE(++steps < 100);
        }
        for (element_cursor at(std::string_view(text).substr(0, cut)); at.next();) {
            REQUIRE(++steps < 200);
        }
    }
}
