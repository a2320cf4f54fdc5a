#include "core/json/splice.hpp"

#include <catch2/catch.hpp>

using gaia::json::edit;

namespace {

std::string applied(std::string_view original, const std::vector<edit>& edits) {
    std::string out;
    for (const auto piece : gaia::json::splice(original, edits)) {
        out += piece;
    }
    CHECK(out.size() == gaia::json::spliced_size(original, edits));
    return out;
}

}  // namespace

TEST_CASE("splice: replaces, inserts and removes, and keeps the rest", "[json]") {
    CHECK(applied("abcdef", {}) == "abcdef");
    CHECK(applied("abcdef", {{0, 1, "X"}, {5, 6, "Y"}}) == "XbcdeY");
    CHECK(applied("abcdef", {{3, 3, "---"}}) == "abc---def");
    CHECK(applied("abcdef", {{2, 4, ""}}) == "abef");
    CHECK(applied("abcdef", {{0, 6, ""}}).empty());
    CHECK(applied("", {{0, 0, "x"}}) == "x");
}
