#include "core/app/document.hpp"

#include <catch2/catch.hpp>

using namespace gaia::app;

namespace {

// "line:column text" of the first problem, or "".
std::string first_problem(std::string_view text) {
    const auto d = parse_document(text);
    return d.problems.empty() ? "" : to_string({"f", d.problems[0].at, d.problems[0].text});
}

}  // namespace

TEST_CASE("document: remembers where values and keys stand", "[app][config]") {
    const auto d = parse_document("a: 1\nlist:\n  - x\n  - {k: \"v w\"}\nnone:\n");
    REQUIRE(d.problems.empty());
    REQUIRE(d.root.members.size() == 3);
    const auto& a = d.root.members[0];
    CHECK(a.key == "a");
    CHECK(a.key_at.line == 1);
    CHECK(a.key_at.column == 1);
    CHECK(a.value.text == "1");
    CHECK(a.value.at.column == 4);
    const auto& item = d.root.members[1].value.items[1].members[0];
    CHECK(item.key_at.line == 4);
    CHECK(item.key_at.column == 6);
    CHECK(item.value.text == "v w");
    CHECK(d.root.members[2].value.type == node::kind::null);
}

TEST_CASE("document: nothing is an empty configuration", "[app][config]") {
    for (const auto* text : {"", "\n", "# only a comment\n", "---\n", "{}"}) {
        CAPTURE(text);
        const auto d = parse_document(text);
        CHECK(d.problems.empty());
        CHECK(d.root.members.empty());
    }
}

TEST_CASE("document: refuses what it could misread, with its place", "[app][config]") {
    const std::pair<std::string, const char*> rows[] = {
        {"a: 1\nb: 2\na: 3\n", "f:3:1: `a` is set twice; the first is in line 1"},
        {"x: {a: 1, a: 2}\n", "f:1:11: `a` is set twice"},
        {"a: [1\n", "not valid YAML"},
        {"a: b: c\n", "f:1:5: not valid YAML"},
        {"a:\n\t- b\n", "not valid YAML"},
        {"a: &x 1\nb: *x\n", "f:2:4: aliases"},
        {"a: !secret x\n", "the tag `!secret` is not supported"},
        {"? [a]\n: 1\n", "a key must be text"},
        {"- a\n", "expected settings"},
        {"text\n", "expected settings"},
        {"a: 1\n---\nb: 2\n", "a second document"},
        {std::string("a: \0", 4), "not a text file"},
        {std::string(document_bytes_max + 1, ' '), "larger than"},
        {std::string(40, '[') + std::string(40, ']'), "f:1:17: nested deeper than 16"},
        {std::string(2'000, '['), "nested deeper than 16"},
    };
    for (const auto& [text, expected] : rows) {
        CAPTURE(text.substr(0, 60));
        CHECK(first_problem(text).find(expected) != std::string::npos);
    }
    std::string many = "a: [";
    for (std::size_t i = 0; i <= document_nodes_max; ++i) {
        many += "1,";
    }
    CHECK(first_problem(many + "]").find("more than 10000 values") != std::string::npos);
}

TEST_CASE("nearest: the slips of a keyboard, and no wild guesses", "[app][config]") {
    const std::string_view keys[] = {"listen", "threads", "timeouts", "certificate", "first_byte"};
    const std::pair<const char*, const char*> rows[] = {{"listne", "listen"},
                                                        {"lisen", "listen"},
                                                        {"Listen", "listen"},
                                                        {"thread", "threads"},
                                                        {"timeout", "timeouts"},
                                                        {"cert", "certificate"},
                                                        {"firstByte", "first_byte"},
                                                        {"banana", ""},
                                                        {"", ""},
                                                        {"x", ""}};
    for (const auto& [word, expected] : rows) {
        CAPTURE(word);
        CHECK(nearest(word, keys) == expected);
    }
    CHECK(nearest(std::string(1'000'000, 'l'), keys).empty());
}

TEST_CASE("problem: text is fit for a terminal", "[app][config]") {
    CHECK(shown("a\x1B[31m\n\xC3\xA9") == "a?[31m???");
    CHECK(shown(std::string(100, 'x')) == std::string(64, 'x') + "...");
    CHECK(to_string({"f.yaml", {3, 5}, "bad"}) == "f.yaml:3:5: bad");
    CHECK(to_string({"PORT", {}, "bad"}) == "PORT: bad");
}
