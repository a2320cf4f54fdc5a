#include <catch2/catch.hpp>

#include "providers/openai_chat/openai_chat.hpp"

using gaia::providers::openai_chat;
namespace chat = gaia::chat;
namespace json = gaia::json;

namespace {

const openai_chat dialect;

std::string with(const std::string& members) {
    return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + members + "}";
}

std::string upstream(const std::string& body,
                     std::string_view model = "m",
                     const chat::quirks& how = {}) {
    const auto view = dialect.inspect(body, {});
    REQUIRE(view.has_value());
    std::string out;
    const auto edits = dialect.upstream_edits(body, *view, model, how);
    for (const auto piece : json::splice(body, edits)) {
        out += piece;
    }
    CHECK(json::validate(out));
    return out;
}

}  // namespace

TEST_CASE("openai request: what the gateway must know is found", "[openai_chat]") {
    const std::string body =
        R"( {"messages":[{"role":"user","content":"hi"}], "model" : "gp\u0074-4o","stream":true,)"
        R"("stream_options":{"include_usage":true},"max_tokens":5,"max_completion_tokens":7,"n":2,)"
        R"("tools":[{"type":"function"}],"unknown":[1.50]} )";
    const auto view = dialect.inspect(body, {});
    REQUIRE(view.has_value());
    CHECK(view->model == "gpt-4o");
    CHECK(view->model_at.in(body) == R"("gp\u0074-4o")");
    CHECK(view->stream);
    CHECK(view->wants_usage);
    CHECK(view->include_usage_at.in(body) == "true");
    CHECK(view->max_tokens == 7);
    CHECK(view->choices == 2);
    CHECK(view->tools);
    CHECK(body[view->object_end] == '}');
    CHECK(view->prompt_tokens_estimate > 0);
}

TEST_CASE("openai request: nulls are as good as absence", "[openai_chat]") {
    const auto view = dialect.inspect(
        with(
            R"(,"stream":null,"stream_options":null,"max_tokens":null,"n":null,"tools":null,"top_p":null)"),
        {});
    REQUIRE(view.has_value());
    CHECK_FALSE(view->stream);
    CHECK_FALSE(view->max_tokens);
    CHECK(view->choices == 1);
    CHECK_FALSE(view->tools);
}

TEST_CASE("openai request: what is not JSON is refused as invalid_json", "[openai_chat]") {
    const std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
    const std::vector<std::string> bodies = {
        "",
        R"({"model":"m","messages":[)",
        with("") + "x",
        with("") + with(""),
        "[]",
        "\"text\"",
        "null",
        "7",
        "{'model':'m'}",
        "/* c */" + with(""),
        with(R"(,"temperature":NaN)"),
        with(R"(,"model":"other")"),
        with(R"(,"mod\u0065l":"other")"),
        with(R"(,"messages":[{}])"),
        with(R"(,"stream":true,"stream":false)"),
        with(R"(,"n":1,"n":2)"),
        with(R"(,"stream_options":{"include_usage":true,"include_usage":false})"),
        with(",\"x\":" + deep),
        with(",\"x\":" + std::string(500'000, '[')),
        with(",\"x\":\"\xff\""),
        with(",\"x\":\"\xc0\xaf\""),
        with(",\"x\":\"\xed\xa0\x80\""),
        std::string("\xff\xfe{\0}\0", 6),
        "\xef\xbb\xbf" + with(""),
        with(",\"x\":\"\x01\""),
        with("") + std::string(1, '\0'),
        with(R"(,"x":1e999999)"),
        with(",\"x\":" + std::string(1'000'000, '9')),
        "<chat/>",
        "model=m&messages=hi",
    };
    for (const auto& body : bodies) {
        CAPTURE(body.substr(0, 100));
        const auto view = dialect.inspect(body, {});
        REQUIRE_FALSE(view.has_value());
        CHECK(view.error().what == gaia::errc::invalid_json);
        CHECK(view.error().http_status() == 400);
        CHECK(json::validate(dialect.render_error(view.error(), "req_1")));
    }
}

TEST_CASE("openai request: a bad parameter is named", "[openai_chat]") {
    const std::string messages = R"("messages":[{"role":"user","content":"hi"}])";
    const std::vector<std::pair<std::string, std::string>> rows = {
        {"{" + messages + "}", "model"},
        {R"({"model":5,)" + messages + "}", "model"},
        {R"({"model":null,)" + messages + "}", "model"},
        {R"({"model":"",)" + messages + "}", "model"},
        {R"({"model":["m"],)" + messages + "}", "model"},
        {R"({"model":"a\nb",)" + messages + "}", "model"},
        {R"({"model":"a\u0000b",)" + messages + "}", "model"},
        {R"({"model":"a\u007fb",)" + messages + "}", "model"},
        {R"({"model":")" + std::string(257, 'm') + "\"," + messages + "}", "model"},
        {R"({"model":")" + std::string(1'000'000, 'm') + "\"," + messages + "}", "model"},
        {R"({"model":"m"})", "messages"},
        {R"({"model":"m","messages":null})", "messages"},
        {R"({"model":"m","messages":"hi"})", "messages"},
        {R"({"model":"m","messages":[]})", "messages"},
        {R"({"model":"m","messages":[1,2]})", "messages"},
        {R"({"model":"m","messages":[{},"x"]})", "messages"},
        {R"({"model":"m","messages":{"a":{}}})", "messages"},
        {with(R"(,"stream":"yes")"), "stream"},
        {with(R"(,"stream":1)"), "stream"},
        {with(R"(,"stream_options":true)"), "stream_options"},
        {with(R"(,"stream_options":{"include_usage":"yes"})"), "stream_options.include_usage"},
        {with(R"(,"max_tokens":-1)"), "max_tokens"},
        {with(R"(,"max_tokens":0)"), "max_tokens"},
        {with(R"(,"max_tokens":"8")"), "max_tokens"},
        {with(R"(,"max_tokens":1.5)"), "max_tokens"},
        {with(R"(,"max_tokens":2147483648)"), "max_tokens"},
        {with(R"(,"max_tokens":9223372036854775808)"), "max_tokens"},
        {with(R"(,"max_tokens":1e30)"), "max_tokens"},
        {with(R"(,"max_completion_tokens":-1)"), "max_completion_tokens"},
        {with(R"(,"n":-1)"), "n"},
        {with(R"(,"n":0)"), "n"},
        {with(R"(,"n":9)"), "n"},
        {with(R"(,"n":1000000)"), "n"},
        {with(R"(,"tools":"x")"), "tools"},
        {with(R"(,"tools":["x"])"), "tools"},
        {with(R"(,"tools":{})"), "tools"},
        {with(R"(,"temperature":"hot")"), "temperature"},
        {with(R"(,"top_p":[])"), "top_p"},
    };
    for (const auto& [body, param] : rows) {
        CAPTURE(body.substr(0, 100));
        const auto view = dialect.inspect(body, {});
        REQUIRE_FALSE(view.has_value());
        CHECK(view.error().http_status() == 400);
        CHECK(view.error().param == param);
        const bool absent = body.find("\"" + param + "\"") == std::string::npos;
        CHECK(view.error().what == (absent && param.find('.') == std::string::npos
                                        ? gaia::errc::missing_parameter
                                        : gaia::errc::invalid_value));
    }
}

TEST_CASE("openai request: odd model names pass, the router decides", "[openai_chat]") {
    for (const auto* name : {"../../etc/passwd",
                             "http://127.0.0.1/x",
                             "' OR 1=1 --",
                             "%s%n",
                             "<script>",
                             "openai/gpt-4o",
                             "\xe4\xb8\xad"}) {
        const auto view = dialect.inspect(std::string(R"({"model":")") + name +
                                              R"(","messages":[{"role":"user","content":"hi"}]})",
                                          {});
        REQUIRE(view.has_value());
        CHECK(view->model == name);
    }
    CHECK(dialect.inspect(R"({"model":")" + std::string(256, 'm') + R"(","messages":[{}]})", {})
              .has_value());
}

TEST_CASE("openai request: only the spans that must change do", "[openai_chat]") {
    const std::string options = R"(,"stream_options":{"include_usage":true})";
    const std::vector<std::pair<std::string, std::string>> rows = {
        {with(""), with("")},
        {with(R"(,"seed":1.50e+01)"), with(R"(,"seed":1.50e+01)")},
        {with(R"(,"stream":true)"), with(R"(,"stream":true)" + options)},
        {with(R"(,"stream":true,"stream_options":null)"), with(R"(,"stream":true)" + options)},
        {with(R"(,"stream":true,"stream_options":{})"), with(R"(,"stream":true)" + options)},
        {with(R"(,"stream":true,"stream_options":{ "x":1 })"),
         with(R"(,"stream":true,"stream_options":{"include_usage":true, "x":1 })")},
        {with(R"(,"stream":true,"stream_options":{"include_usage":false,"x":[]})"),
         with(R"(,"stream":true,"stream_options":{"include_usage":true,"x":[]})")},
        {with(R"(,"stream":true,"stream_options":{"include_usage":null})"),
         with(R"(,"stream":true)" + options)},
        {with(R"(,"stream":true,"stream_options":{"include_usage":true})"),
         with(R"(,"stream":true)" + options)},
        {with(R"(,"stream":false,"stream_options":{"include_usage":false})"),
         with(R"(,"stream":false,"stream_options":{"include_usage":false})")},
    };
    for (const auto& [body, expected] : rows) {
        CAPTURE(body);
        CHECK(upstream(body) == expected);
    }
    CHECK(upstream("{\"stream\":true,\"model\":\"m\", \"messages\":[{}] \n}\n") ==
          "{\"stream\":true,\"model\":\"m\", \"messages\":[{}] "
          "\n,\"stream_options\":{\"include_usage\":true}}\n");
}

TEST_CASE("openai request: the model is replaced where it differs", "[openai_chat]") {
    CHECK(upstream(with(""), "gpt-\"4\"") ==
          R"({"model":"gpt-\"4\"","messages":[{"role":"user","content":"hi"}]})");
    const std::string escaped = R"({"model":"\u006d","messages":[{"model":"m"}]})";
    CHECK(upstream(escaped, "m") == escaped);
    CHECK(upstream(escaped, "x") == R"({"model":"x","messages":[{"model":"m"}]})");
}

TEST_CASE("openai request: quirks of vendors", "[openai_chat]") {
    chat::quirks no_options;
    no_options.stream_options = false;
    CHECK(upstream(with(R"(,"stream":true)"), "m", no_options) == with(R"(,"stream":true)"));
    chat::quirks old;
    old.max_completion_tokens = false;
    CHECK(upstream(with(R"(,"max_completion_tokens":7)"), "m", old) == with(R"(,"max_tokens":7)"));
    CHECK(upstream(with(R"(,"max_tokens":7)"), "m", old) == with(R"(,"max_tokens":7)"));
    CHECK(upstream(with(R"(,"max_tokens" : 5 , "max_completion_tokens":7)"), "m", old) ==
          with(R"(, "max_tokens":7)"));
    CHECK(upstream(with(R"(,"max_completion_tokens":7,"max_tokens":5)"), "m", old) ==
          with(R"(,"max_tokens":7)"));
    CHECK(upstream(with(R"(,"stream":true,"max_completion_tokens":7 ,"max_tokens":5)"), "x", old) ==
          R"({"model":"x","messages":[{"role":"user","content":"hi"}],"stream":true,"max_tokens":7)"
          R"(,"stream_options":{"include_usage":true}})");
}
