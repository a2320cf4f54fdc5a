#include <catch2/catch.hpp>

#include "providers/openai_chat/clean.hpp"
#include "providers/openai_chat/openai_chat.hpp"

using gaia::errc;
using gaia::providers::clean_message;
using gaia::providers::openai_chat;
using namespace std::chrono_literals;
namespace json = gaia::json;

namespace {

const openai_chat dialect;

}  // namespace

TEST_CASE("openai errors: an upstream's status keeps its meaning", "[openai_chat]") {
    struct row {
        int status;
        std::string body;
        errc what;
        int shown;
        std::string message;  // empty: the table's own text
    };
    const std::string key = "fault-key-0123456789abcdef0123";
    const std::vector<row> rows = {
        {400,
         R"({"error":{"message":"bad thing","param":"n","code":"odd"}})",
         errc::upstream_rejected,
         400,
         "bad thing"},
        {400, R"([{"error":{"message":"bad thing"}}])", errc::upstream_rejected, 400, "bad thing"},
        {400,
         R"({"object":"error","message":"bad thing","code":40001})",
         errc::upstream_rejected,
         400,
         "bad thing"},
        {400, R"({"detail":"bad thing"})", errc::upstream_rejected, 400, "bad thing"},
        {422,
         R"({"detail":[{"loc":["body"],"msg":"bad thing"}]})",
         errc::upstream_rejected,
         422,
         "bad thing"},
        {400, R"({"errors":[{"message":"bad thing"}]})", errc::upstream_rejected, 400, "bad thing"},
        {400, R"({"error":"bad thing"})", errc::upstream_rejected, 400, "bad thing"},
        {400, R"("bad thing")", errc::upstream_rejected, 400, "bad thing"},
        {400, "<html><body>bad</body></html>", errc::upstream_rejected, 400, ""},
        {400, "", errc::upstream_rejected, 400, ""},
        {400,
         R"({"error":{"message":"API key not valid. Please pass a valid API key."}})",
         errc::upstream_credentials,
         502,
         ""},
        {400,
         R"({"error":{"message":"too long","code":"context_length_exceeded"}})",
         errc::context_length_exceeded,
         400,
         "too long"},
        {400,
         R"({"error":{"message":"prompt too long; exceeded max context length"}})",
         errc::context_length_exceeded,
         400,
         "prompt too long; exceeded max context length"},
        {400,
         R"({"error":{"message":"no","code":"content_filter"}})",
         errc::content_filter,
         400,
         "no"},
        {401,
         R"({"error":{"message":"Incorrect API key provided: )" + key + R"("}})",
         errc::upstream_credentials,
         502,
         ""},
        {402,
         R"({"error":{"message":"pay"}})",
         errc::upstream_credentials,
         502,
         "The gateway's account at the model provider cannot pay for this request."},
        {403,
         R"({"error":{"message":"Your API key may not"}})",
         errc::upstream_credentials,
         502,
         ""},
        {403,
         R"({"error":{"message":"region not supported"}})",
         errc::upstream_rejected,
         403,
         "region not supported"},
        {404,
         R"({"error":{"message":"no such model","code":"model_not_found"}})",
         errc::upstream_rejected,
         404,
         "no such model"},
        {408, "{}", errc::upstream_rejected, 408, ""},
        {409, "{}", errc::upstream_rejected, 409, ""},
        {413, R"({"error":{"message":"large"}})", errc::upstream_rejected, 413, "large"},
        {405, R"({"error":{"message":"x"}})", errc::upstream_failed, 502, ""},
        {429,
         R"({"error":{"message":"Rate limit for org-abc"}})",
         errc::upstream_rate_limited,
         429,
         ""},
        {429,
         R"({"error":{"message":"x","code":"insufficient_quota"}})",
         errc::upstream_credentials,
         502,
         "The gateway's account at the model provider cannot pay for this request."},
        {500, R"({"error":{"message":"stack trace"}})", errc::upstream_failed, 502, ""},
        {502, "<html>nginx at 10.0.0.1</html>", errc::upstream_failed, 502, ""},
        {503, "busy", errc::upstream_overloaded, 503, ""},
        {529, "{}", errc::upstream_overloaded, 503, ""},
        {504, "", errc::upstream_timeout, 504, ""},
        {301, "", errc::upstream_broken, 502, ""},
        {307, "{}", errc::upstream_broken, 502, ""},
        {101, "", errc::upstream_broken, 502, ""},
    };
    for (const auto& [status, body, what, shown, message] : rows) {
        CAPTURE(status, body);
        const auto f = dialect.upstream_error(status, "application/json", body, std::nullopt);
        CHECK(gaia::info(f.what).metric == gaia::info(what).metric);
        CHECK(f.http_status() == shown);
        CHECK(f.message == message);
        const auto rendered = dialect.render_error(f, "req_1");
        CHECK(json::validate(rendered));
        CHECK(rendered.find(key) == std::string::npos);
        CHECK(f.detail.find(key) == std::string::npos);
    }
}

TEST_CASE("openai errors: param and code survive when harmless", "[openai_chat]") {
    const auto f = dialect.upstream_error(
        400,
        "",
        R"({"error":{"message":"m","type":"x","param":"messages[0].content","code":"bad_value"}})",
        {});
    CHECK(
        dialect.render_error(f, "") ==
        R"({"error":{"message":"m","type":"invalid_request_error","param":"messages[0].content","code":"bad_value"}})");
    const auto numeric =
        dialect.upstream_error(400, "", R"({"error":{"message":"m","code":1214}})", {});
    CHECK(numeric.code == "1214");
    const auto evil = dialect.upstream_error(
        400, "", R"({"error":{"message":"m","param":"<b>","code":"sk-abcdefghijklmnop"}})", {});
    CHECK(dialect.render_error(evil, "") ==
          R"({"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}})");
}

TEST_CASE("openai errors: retry-after is held to 0 to 300 s", "[openai_chat]") {
    const auto after = [](int status, std::optional<std::chrono::milliseconds> header) {
        return dialect.upstream_error(status, "", "{}", header).retry_after;
    };
    CHECK(after(429, 7s) == 7000ms);
    CHECK(after(429, 3600s) == 300s);
    CHECK(after(429, -1s) == 0s);
    CHECK(after(429, std::nullopt) == 5s);
    CHECK(after(503, 7s) == 7s);
    CHECK_FALSE(after(503, std::nullopt));
    CHECK_FALSE(after(400, 7s));
}

TEST_CASE("openai errors: a message says what went wrong and gives nothing away", "[openai_chat]") {
    const std::vector<std::pair<std::string, std::string>> rows = {
        {"Unsupported value: 'temperature' must be 1.",
         "Unsupported value: 'temperature' must be 1."},
        {"see https://api.example.com/v1?key=abc for help.", "see [redacted] for help."},
        {"connect to api.internal:8080 failed", "connect to [redacted] failed"},
        {"host llm-7.prod.example.com.", "host [redacted]."},
        {"upstream 10.0.0.12:443, 192.168.1.1 and ::1",
         "upstream [redacted], [redacted] and [redacted]"},
        {"dial fe80:0:0:1::2 refused", "dial [redacted] refused"},
        {"at localhost:11434/api", "at [redacted]"},
        {"key sk-proj-abc123 is bad", "key [redacted] is bad"},
        {"(sk-abc***xyz)", "([redacted])"},
        {"api_key=hunter2!", "api_key=hunter2!"},
        {"api_key=hunter2", "[redacted]"},
        {"token:abcdef", "[redacted]"},
        {"Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"},
        {"Bearer abc", "Bearer [redacted]"},
        {"organization org-AbCdEf123 reached", "organization [redacted] reached"},
        {"ref 0123456789abcdef0123456789abcdef", "ref [redacted]"},
        {"mail admin@example.com", "mail [redacted]"},
        {"model accounts/fireworks/models/llama-v3p1-405b-instruct",
         "model accounts/fireworks/models/llama-v3p1-405b-instruct"},
        {"gpt-4.1 and gpt-4o-mini-2024-07-18 differ", "gpt-4.1 and gpt-4o-mini-2024-07-18 differ"},
        {"messages.0.content: field required", "messages.0.content: field required"},
        {"maximum is 128000 tokens; you asked for 200000",
         "maximum is 128000 tokens; you asked for 200000"},
        {"a\r\nb\tc\x01  d", "a b c d"},
        {"caf\xc3\xa9 \xff", "caf\xc3\xa9"},
        {"<!DOCTYPE html><html>", ""},
    };
    for (const auto& [text, cleaned] : rows) {
        CAPTURE(text);
        if (text.ends_with('!')) {
            CHECK(clean_message(text).find("hunter2") == std::string::npos);
            continue;
        }
        CHECK(clean_message(text) == cleaned);
    }
    CHECK(clean_message(std::string(100'000, 'a')).size() <= gaia::providers::message_bytes_max);
    std::string wide;
    for (int i = 0; i < 2000; ++i) {
        wide += "\xe4\xb8\xad ";
    }
    const auto cut = clean_message(wide);
    CHECK(cut.size() <= gaia::providers::message_bytes_max);
    std::string quoted;
    json::append_quoted(quoted, cut);
    CHECK(quoted.find("\xef\xbf\xbd") == std::string::npos);
}
