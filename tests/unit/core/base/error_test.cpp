#include "core/base/error.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace gaia;

TEST_CASE("errors: each has a status, a type, a label of its own and a sentence", "[base][error]") {
    std::set<std::string_view> labels;
    for (int i = 0; i <= static_cast<int>(errc::internal); ++i) {
        const auto& row = info(static_cast<errc>(i));
        CAPTURE(i, row.metric);
        CHECK(static_cast<int>(row.what) == i);
        CHECK(row.status >= 400);
        CHECK(row.status <= 599);
        CHECK(row.type.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
        CHECK_FALSE(row.type.empty());
        CHECK(row.metric.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") ==
              std::string_view::npos);
        CHECK(labels.insert(row.metric).second);
        CHECK(row.text.ends_with('.'));
        CHECK(find_error_by_metric(row.metric) == &row);
    }
    CHECK(find_error_by_metric("") == nullptr);
    CHECK(find_error_by_metric("no_such_error") == nullptr);
}

TEST_CASE("errors: what is private and what is public do not meet", "[base][error]") {
    const auto secretive = fail_detail(errc::upstream_broken, "at 10.0.0.1");
    CHECK(secretive.message.empty());
    CHECK(secretive.detail == "at 10.0.0.1");
    const auto open = fail(errc::invalid_value, "Too big.", "n");
    CHECK(open.message == "Too big.");
    CHECK(open.param == "n");
    CHECK(open.detail.empty());
}

TEST_CASE("errors: taking the value of a failure is a bug, and says so", "[base][error]") {
    const result<int> failed = fail(errc::conflict);
    CHECK_THROWS_WITH(failed.value(), Catch::Contains("conflict"));
}
