#include <catch2/catch.hpp>

#include "providers/openai_chat/openai_chat.hpp"

using gaia::errc;
using gaia::providers::openai_chat;
namespace json = gaia::json;

namespace {

const openai_chat dialect;

const std::string head =
    R"({"id":"c","created":1.50,"model":"m","choices":[{"index":0,"message":{"role":"assistant",)"
    R"("content":"Hello there"},"finish_reason":"stop"}])";

std::string spliced(const std::string& body, const std::vector<json::edit>& edits) {
    std::string out;
    for (const auto piece : json::splice(body, edits)) {
        out += piece;
    }
    return out;
}

}  // namespace

TEST_CASE("openai answer: what it used and why it ended", "[openai_chat]") {
    const auto view =
        dialect.inspect_answer(head + R"(,"usage":{"prompt_tokens":3,"completion_tokens":2}})", {});
    REQUIRE(view.has_value());
    CHECK(view->usage.prompt == 3);
    CHECK(view->finish_reason == "stop");
    CHECK(view->edits.empty());
    const auto silent = dialect.inspect_answer(head + "}", {});
    REQUIRE(silent.has_value());
    CHECK_FALSE(silent->usage.known());
    CHECK(silent->output_tokens_estimate == 3);  // only then is the text looked at
}

TEST_CASE("openai answer: what must not reach a client does not", "[openai_chat]") {
    struct row {
        std::string body;
        errc what;
        int status;
    };
    const std::vector<row> rows = {
        {"", errc::upstream_broken, 502},
        {"<html>hi</html>", errc::upstream_broken, 502},
        {"[]", errc::upstream_broken, 502},
        {"null", errc::upstream_broken, 502},
        {"{}", errc::upstream_broken, 502},
        {head, errc::upstream_broken, 502},
        {R"({"choices":null})", errc::upstream_broken, 502},
        {R"({"choices":[]})", errc::upstream_broken, 502},
        {R"({"choices":[null]})", errc::upstream_broken, 502},
        {head + ",\"x\":\"\xff\"}", errc::upstream_broken, 502},
        {head + ",\"x\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}",
         errc::upstream_broken,
         502},
        {R"({"error":{"message":"boom","type":"server_error"}})", errc::upstream_failed, 502},
        {R"({"error":{"message":"bad","code":400}})", errc::upstream_rejected, 502},
        {R"({"error":{"message":"busy","code":503}})", errc::upstream_overloaded, 503},
        {R"({"error":{"message":"slow","code":429}})", errc::upstream_rate_limited, 429},
        {R"({"error":{"message":"key","code":401}})", errc::upstream_credentials, 502},
        {R"({"object":"error","message":"boom"})", errc::upstream_failed, 502},
        {R"({"detail":"boom"})", errc::upstream_failed, 502},
    };
    for (const auto& [body, what, status] : rows) {
        CAPTURE(body.substr(0, 80));
        const auto view = dialect.inspect_answer(body, {});
        REQUIRE_FALSE(view.has_value());
        CHECK(view.error().what == what);
        CHECK(view.error().http_status() == status);
    }
}

TEST_CASE("openai answer: nonsense in usage is mended", "[openai_chat]") {
    const std::vector<std::pair<std::string, std::string>> rows = {
        {R"({"prompt_tokens":-3,"completion_tokens":2,"total_tokens":-1,"cost":0.10})",
         R"({"prompt_tokens":0,"completion_tokens":2,"total_tokens":2,"cost":0.10})"},
        {R"({"prompt_tokens":3,"completion_tokens":9223372036854775807,"total_tokens":5,"completion_tokens_details":{"reasoning_tokens":"x","audio_tokens":0}})",
         R"({"prompt_tokens":3,"completion_tokens":0,"total_tokens":3,"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}})"},
        {R"("none")", "null"},
        {R"([])", "null"},
    };
    for (const auto& [usage, cleaned] : rows) {
        CAPTURE(usage);
        const auto body = head + ",\"usage\":" + usage + "}";
        const auto view = dialect.inspect_answer(body, {});
        REQUIRE(view.has_value());
        CHECK(view->usage.clamped);
        CHECK(spliced(body, view->edits) == head + ",\"usage\":" + cleaned + "}");
    }
}

TEST_CASE("openai answer: told as a stream it says the same", "[openai_chat][stream]") {
    const std::string body =
        "{\n "
        "\"id\":\"c\",\"created\":1.50,\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{"
        "\"role\":\"assistant\",\n"
        "\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{"
        "\"name\":\"f\",\"arguments\":\"{}\"}}]},"
        "\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}"
        "}\n";
    gaia::chat::request_view view;
    view.wants_usage = true;
    const auto text = dialect.answer_as_stream(body, view);
    REQUIRE(text.has_value());
    const std::string start =
        R"(data: {"object":"chat.completion.chunk","id":"c","created":1.50,"model":"m",)";
    CHECK(
        *text ==
        start +
            R"("choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"a",)"
            R"("type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":null}]})"
            "\n\n" +
            start +
            R"("choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})"
            "\n\n" +
            start +
            R"("choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}})"
            "\n\ndata: [DONE]\n\n");
    auto tap = dialect.tap(view, 1 << 20);
    std::string out;
    tap->feed(*text, out);
    CHECK(out == *text);
    CHECK(tap->state() == gaia::chat::tap_state::finished);
    CHECK_FALSE(dialect.answer_as_stream("[]", view).has_value());
}
