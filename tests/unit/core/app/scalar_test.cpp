#include "core/app/scalar.hpp"

#include <catch2/catch.hpp>

using namespace gaia::app;
using std::chrono::milliseconds;

namespace {

file_content read_fake(const std::string& path) {
    if (path == "/etc/key" || path == "conf/key") {
        return {"sk-secret\r\n\n", ""};
    }
    if (path == "/etc/nul") {
        return {std::string("a\0b", 3), ""};
    }
    return {"", "No such file or directory"};
}

expansion filled(std::string_view text) {
    const environment env({{"A", "one"}, {"EMPTY", ""}, {"NESTED", "${A}"}, {"YAML", "x: [1"}});
    return expand(text, env, read_fake, "conf");
}

}  // namespace

TEST_CASE("expand: variables, defaults, escapes and files", "[app][config]") {
    struct row {
        const char* text;
        const char* expected;
        bool literal;
    };
    const row rows[] = {
        {"", "", true},
        {"plain", "plain", true},
        {"${A}", "one", false},
        {"a-${A}-b", "a-one-b", false},
        {"${A}${A}", "oneone", false},
        {"${EMPTY}", "", false},
        {"${EMPTY:-fallback}", "fallback", false},
        {"${NOT_SET:-fallback}", "fallback", false},
        {"${NOT_SET:-}", "", false},
        {"${NOT_SET:-a:-b}", "a:-b", false},
        {"${NESTED}", "${A}", false},  // not expanded again
        {"${YAML}", "x: [1", false},   // and not read as YAML
        {"$${A}", "${A}", true},
        {"$$${A}", "$${A}", true},
        {"$A $ $$", "$A $ $$", true},
        {"file:/etc/key", "sk-secret", false},
        {"file:key", "sk-secret", false},  // relative to the folder of the file
        {"file:/etc/${NOT_SET:-key}", "sk-secret", false},
        {" file:/etc/key", " file:/etc/key", true},
    };
    for (const auto& r : rows) {
        CAPTURE(r.text);
        const auto out = filled(r.text);
        CHECK(out.error == "");
        CHECK(out.text == r.expected);
        CHECK(out.literal == r.literal);
    }
}

TEST_CASE("expand: says what is wrong and gives no text", "[app][config]") {
    const std::pair<const char*, const char*> rows[] = {
        {"${NOT_SET}", "the environment variable NOT_SET is not set"},
        {"${A", "never closed"},
        {"${}", "expected ${NAME}"},
        {"${1A}", "expected ${NAME}"},
        {"${A B}", "expected ${NAME}"},
        {"${A:x}", "expected ${NAME}"},
        {"file:", "needs a path"},
        {"file:/missing", "/missing: No such file"},
        {"file:/etc/nul", "NUL"},
    };
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        const auto out = filled(text);
        CHECK(out.error.find(expected) != std::string::npos);
        CHECK(out.text.empty());
    }
    CHECK(filled("file:/${A}").error == "No such file or directory");  // the path came from outside
    const environment huge({{"BIG", std::string(value_bytes_max + 1, 'x')}});
    CHECK(expand("${BIG}", huge, read_fake, "").error.find("longer than") != std::string::npos);
}

TEST_CASE("duration: a number and a unit", "[app][config]") {
    const std::pair<const char*, std::int64_t> rows[] = {{"500ms", 500},
                                                         {"5s", 5'000},
                                                         {"2m", 120'000},
                                                         {"1h", 3'600'000},
                                                         {"1d", 86'400'000},
                                                         {"0s", 0}};
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        REQUIRE(parse_duration(text).has_value());
        CHECK(parse_duration(text)->count() == expected);
        CHECK(to_duration_text(*parse_duration(text)) == text);
    }
    for (const auto* text : {"",
                             "5",
                             "s",
                             "-5s",
                             "+5s",
                             "5 s",
                             "5S",
                             "1.5s",
                             "5s5s",
                             "5sec",
                             "9223372036854775807d",
                             "99999999999999999999s"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text).has_value());
    }
    CHECK(to_duration_text(milliseconds(75'000)) == "75s");
}

TEST_CASE("size: bytes, KiB, MiB, GiB", "[app][config]") {
    const std::pair<const char*, std::int64_t> rows[] = {
        {"0", 0}, {"4097", 4'097}, {"8KiB", 8'192}, {"10MiB", 10'485'760}, {"1GiB", 1'073'741'824}};
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        REQUIRE(parse_bytes(text).has_value());
        CHECK(*parse_bytes(text) == expected);
        CHECK(to_bytes_text(expected) == text);
    }
    for (const auto* text :
         {"", "KiB", "8KB", "8kib", "8 KiB", "-1", "1.5MiB", "9223372036854775807GiB"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_bytes(text).has_value());
    }
}
