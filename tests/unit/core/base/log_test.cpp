#include "core/base/log.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/core/store/temporary_folder.hpp"

using namespace gaia;

namespace {

// What was logged while `act` ran, by lines.
template <class Act>
std::vector<std::string> logged(log::format shape, log::level threshold, Act act) {
    const testing::temporary_folder folder;
    log::open({threshold, shape, folder.file("log")});
    act();
    log::flush();
    std::ifstream file(folder.file("log"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::string logged_value(std::string_view value) {
    const auto lines =
        logged(log::format::json, log::level::info, [&] { log::info("m", {{"v", value}}); });
    REQUIRE(lines.size() == 1);
    return boost::json::parse(lines[0]).at("v").as_string().c_str();
}

}  // namespace

TEST_CASE("log: one event is one line of JSON, whatever is in it", "[base][log]") {
    const auto lines = logged(log::format::json, log::level::info, [] {
        log::warn("a \"message\"\nwith a line end",
                  {{"text", "x\r\n\x1b[31m\x7f"},
                   {"number", -7},
                   {"large", std::numeric_limits<std::int64_t>::max()},
                   {"flag", true},
                   {"real", 1.5},
                   {"endless", std::numeric_limits<double>::infinity()}});
    });
    REQUIRE(lines.size() == 1);
    const auto event = boost::json::parse(lines[0]);
    CHECK(event.at("level") == "warn");
    CHECK(event.at("message") == "a \"message\"\nwith a line end");
    CHECK(event.at("text") == "x\r\n\x1b[31m\x7f");
    CHECK(event.at("number") == -7);
    CHECK(event.at("large") == std::numeric_limits<std::int64_t>::max());
    CHECK(event.at("flag") == true);
    CHECK(event.at("real") == 1.5);
    CHECK(event.at("endless") == 0.0);
    CHECK(event.at("time").as_string().size() == 24);
}

TEST_CASE("log: invalid UTF-8 is replaced, long values are cut", "[base][log]") {
    CHECK(logged_value("caf\xc3\xa9") == "caf\xc3\xa9");
    CHECK(logged_value("a\xff\xfe") == "a\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(logged_value("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");        // overlong
    CHECK(logged_value("\xed\xa0\x80").starts_with("\xef\xbf\xbd"));      // surrogate
    CHECK(logged_value("\xf4\x90\x80\x80").starts_with("\xef\xbf\xbd"));  // beyond Unicode
    CHECK(logged_value("\xe2\x82") == "\xef\xbf\xbd\xef\xbf\xbd");        // ends early
    CHECK(logged_value(std::string(512, 'a')) == std::string(512, 'a'));
    CHECK(logged_value(std::string(513, 'a')) == std::string(512, 'a') + "...");
    CHECK(logged_value(std::string(511, 'a') + "\xc3\xa9") ==
          std::string(511, 'a') + "\xef\xbf\xbd...");
}

TEST_CASE("log: text lines keep to one line and quote what has spaces", "[base][log]") {
    const auto lines = logged(log::format::text, log::level::info, [] {
        log::info("message",
                  {{"bare", "a-b"}, {"spaced", "a b"}, {"empty", ""}, {"two", "a\nb=1"}});
    });
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].ends_with(R"( info  message bare=a-b spaced="a b" empty="" two="a\u000ab=1")"));
}

TEST_CASE("log: what is below the threshold is not written", "[base][log]") {
    const auto lines = logged(log::format::text, log::level::warn, [] {
        CHECK_FALSE(log::enabled(log::level::info));
        CHECK(log::enabled(log::level::error));
        log::info("no");
        log::warn("yes");
        log::set_threshold(log::level::debug);
        log::debug("now");
        log::set_threshold(log::level::error);
        log::warn("no more");
    });
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].find("yes") != std::string::npos);
    CHECK(lines[1].find("now") != std::string::npos);
}

TEST_CASE("log: a file that cannot be opened is a clear error", "[base][log]") {
    CHECK_THROWS_WITH(log::open({log::level::info, log::format::text, "/proc/no/such/folder/log"}),
                      Catch::Contains("cannot open the log file"));
}
