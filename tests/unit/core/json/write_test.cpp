#include "core/json/write.hpp"

#include <catch2/catch.hpp>

#include "core/json/read.hpp"

namespace json = gaia::json;

TEST_CASE("writer: order, spelling and escapes stay", "[json]") {
    std::string out;
    json::writer w(out);
    w.begin_object().text("b", "x\"\n").raw("a", "0.70").integer("n", -5);
    w.array("list").boolean(true).null().begin_object().end_object().end_array();
    w.raw("schema", "{ \"z\" : 1e-1,\r\n \"y\": \"a \\n b\" }").end_object();
    CHECK(
        out ==
        R"({"b":"x\"\n","a":0.70,"n":-5,"list":[true,null,{}],"schema":{"z":1e-1,"y":"a \n b"}})");
    CHECK(w.balanced());
    CHECK(json::validate(out));
}

TEST_CASE("value: kinds that are wrong give nothing", "[json]") {
    const std::string text =
        R"({"a":[1,"x"],"t":"\u0041","i":12.0,"f":1.5,"b":false,"o":{"k":null}})";
    const json::value v(text);
    CHECK(v["t"].text() == "A");
    CHECK(v["t"].is("A"));
    CHECK(v["i"].integer() == 12);
    CHECK_FALSE(v["f"].integer());
    CHECK(v["b"].boolean() == false);
    CHECK_FALSE(v["o"]["k"].given());
    CHECK_FALSE(v["a"]["x"].given());
    CHECK(v["a"].text().empty());
    int count = 0;
    for (const auto item : v["a"].items()) {
        count += item.given() ? 1 : 0;
    }
    CHECK(count == 2);
    for (const auto item : v["t"].items()) {
        FAIL(item.raw());
    }
    const json::path root;
    const json::path messages(root, "messages");
    const json::path third(messages, std::size_t{3});
    CHECK(json::path(third, "content").text() == "messages[3].content");
}
