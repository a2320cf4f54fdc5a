#include "providers/echo/echo.hpp"

#include <catch2/catch.hpp>

#include "core/json/cursor.hpp"
#include "providers/openai_chat/openai_chat.hpp"

using namespace std::chrono_literals;
using gaia::providers::echo_script;
using gaia::providers::echo_settings;
namespace json = gaia::json;

namespace {

struct played {
    int status = 0;
    std::string body;
    int steps = 0;
    std::chrono::milliseconds waited{0};
};

std::string request(const std::string& members, const std::string& text = "one two  three") {
    return R"({"model":"echo-1","messages":[{"role":"user","content":")" + text + "\"}]" + members +
           "}";
}

played play(const std::string& body, const echo_settings& settings = {}) {
    auto script = echo_script::make(body, settings, "req_1", 1700000000);
    REQUIRE(script.has_value());
    played result;
    result.status = script->status();
    while (const auto step = script->next()) {
        result.body += step->bytes;
        result.waited += step->delay;
        ++result.steps;
    }
    return result;
}

std::string text_of(const std::string& answer) {
    json::element_cursor choice(json::member(answer, "choices"));
    REQUIRE(choice.next());
    return json::to_text(json::member(json::member(choice.value(), "message"), "content"));
}

}  // namespace

TEST_CASE("echo: says the last message back", "[echo]") {
    const auto answer = play(request(""));
    CHECK(answer.status == 200);
    CHECK(text_of(answer.body) == "one two  three");
    const gaia::providers::openai_chat dialect;
    const auto view = dialect.inspect_answer(answer.body, {});
    REQUIRE(view.has_value());
    CHECK(view->finish_reason == "stop");
    CHECK(view->usage.completion == 3);
    CHECK(view->usage.prompt > 0);
    CHECK(text_of(play(request("", "")).body) == "Hello! You sent no text to echo.");
    CHECK(
        text_of(
            play(
                R"({"model":"echo-1","messages":[{"role":"user","content":[{"type":"text","text":"a b"}]}]})")
                .body) == "a b");
}

TEST_CASE("echo: streams word by word in a form that the tap takes", "[echo][stream]") {
    for (const bool usage : {false, true}) {
        const auto answer =
            play(request(usage ? R"(,"stream":true,"n":2,"stream_options":{"include_usage":true})"
                               : R"(,"stream":true,"n":2)"));
        CHECK(answer.steps == 5);  // role, three words, end
        const gaia::providers::openai_chat dialect;
        gaia::chat::request_view view;
        view.wants_usage = true;
        const auto tap = dialect.tap(view, 1 << 20);
        std::string out;
        tap->feed(answer.body, out);
        CHECK(out == answer.body);
        CHECK(tap->state() == gaia::chat::tap_state::finished);
        CHECK(tap->content_events() == 6);
        CHECK(tap->usage().known() == usage);
        if (usage) {
            CHECK(tap->usage().completion == 6);
        }
    }
}

TEST_CASE("echo: length and pace can be set", "[echo]") {
    CHECK(text_of(play(request(R"(,"echo":{"tokens":5})")).body) == "one two  three one two");
    CHECK(text_of(play(request(R"(,"max_tokens":2)")).body) == "one two");
    CHECK(play(request(R"(,"max_tokens":2)")).body.find(R"("finish_reason":"length")") !=
          std::string::npos);
    echo_settings settings;
    settings.words = 4;
    settings.pace = 10ms;
    settings.first_delay = 100ms;
    const auto paced = play(request(R"(,"stream":true)"), settings);
    CHECK(paced.steps == 6);
    CHECK(paced.waited == 150ms);
    const auto set = play(
        request(
            R"(,"stream":true,"echo":{"chunks":2,"tokens":10,"delay_ms":1,"first_delay_ms":7})"),
        settings);
    CHECK(set.steps == 4);
    CHECK(set.waited == 10ms);
    CHECK(play(request(R"(,"stream":true,"echo":{"chunks":100000})")).steps == 100'002);
    CHECK(play(request(R"(,"echo":{"delay_ms":60000,"tokens":50})")).waited == 60s);
    CHECK(play(request(R"(,"stream":true,"echo":{"tokens":0})")).steps == 2);
    for (const auto* bad : {R"({"chunks":100001})",
                            R"({"delay_ms":60001})",
                            R"({"tokens":-1})",
                            R"({"chunks":"3"})"}) {
        CAPTURE(bad);
        const auto script = echo_script::make(request(std::string(",\"echo\":") + bad), {}, "r", 0);
        REQUIRE_FALSE(script.has_value());
        CHECK(script.error().http_status() == 400);
        CHECK(script.error().param.starts_with("echo."));
    }
    const auto huge = play(request(R"(,"echo":{"tokens":100000})", std::string(100'000, 'x')));
    CHECK(huge.body.size() < (9U << 20U));
}

TEST_CASE("echo: calls the first tool, and speaks after its result", "[echo]") {
    const std::string tools =
        R"(,"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":)"
        R"({"city":{"type":"string"},"days":{"type":"integer"},"unit":{"enum":["C","F"]},"deep":{"type":"object","required":["x"],"properties":{"x":{"type":"boolean"}}}},)"
        R"("required":["city","days","unit","deep"]}}},{"type":"function","function":{"name":"time"}}])";
    for (const bool stream : {false, true}) {
        const auto answer = play(request(tools + (stream ? R"(,"stream":true)" : "")));
        CHECK(answer.body.find(R"("name":"weather")") != std::string::npos);
        CHECK(answer.body.find(
                  R"({\"city\":\"echo\",\"days\":1,\"unit\":\"C\",\"deep\":{\"x\":true}})") !=
              std::string::npos);
        CHECK(answer.body.find(R"("finish_reason":"tool_calls")") != std::string::npos);
    }
    CHECK(play(request(tools + R"(,"tool_choice":{"type":"function","function":{"name":"time"}})"))
              .body.find(R"("name":"time","arguments":"{}")") != std::string::npos);
    CHECK(text_of(play(request(tools + R"(,"tool_choice":"none")")).body) == "one two  three");
    CHECK(text_of(play(R"({"model":"echo-1","messages":[{"role":"tool","content":"sunny"}])" +
                       tools + "}")
                      .body) == "sunny");
}

TEST_CASE("echo: other models do not exist", "[echo]") {
    const auto answer = play(R"({"model":"echo-9","messages":[{}]})");
    CHECK(answer.status == 404);
    CHECK(answer.body.find("model_not_found") != std::string::npos);
    CHECK_FALSE(echo_script::make("{", {}, "r", 0).has_value());
}
