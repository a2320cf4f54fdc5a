#include <catch2/catch.hpp>

#include "providers/openai_chat/openai_chat.hpp"

using gaia::errc;
using gaia::chat::tap_state;
using gaia::providers::openai_chat;

namespace {

const openai_chat dialect;

struct outcome {
    std::string out;
    std::unique_ptr<gaia::chat::stream_tap> tap;
};

outcome run(std::string_view bytes,
            bool wants_usage = false,
            std::size_t cut = std::string::npos,
            std::size_t limit = 1 << 20) {
    gaia::chat::request_view view;
    view.stream = true;
    view.wants_usage = wants_usage;
    outcome result;
    result.tap = dialect.tap(view, limit);
    const std::string first(bytes.substr(0, cut));
    result.tap->feed(first, result.out);
    if (cut < bytes.size()) {
        const std::string second(bytes.substr(cut));
        result.tap->feed(second, result.out);
    }
    result.tap->end(result.out);
    return result;
}

std::string chunk(std::string_view choices, std::string_view more = "") {
    return "data: {\"id\":\"c\",\"choices\":[" + std::string(choices) + "]" + std::string(more) +
           "}\n\n";
}

const std::string role =
    chunk(R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null})");
const std::string hello =
    chunk(R"({"index":0,"delta":{"content":"Hello, world"},"finish_reason":null})");
const std::string stop = chunk(R"({"index":0,"delta":{},"finish_reason":"stop"})");
const std::string usage_chunk = chunk(
    "",
    R"(,"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,)"
    R"("prompt_tokens_details":{"cached_tokens":6},"completion_tokens_details":{"reasoning_tokens":1}})");
const std::string done = "data: [DONE]\n\n";
const std::string whole = role + hello + stop + usage_chunk + done;

}  // namespace

TEST_CASE("openai tap: a good stream passes verbatim and is metered", "[openai_chat][stream]") {
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        CAPTURE(cut);
        const auto asked = run(whole, true, cut);
        CHECK(asked.out == whole);
        CHECK(asked.tap->state() == tap_state::finished);
        const auto plain = run(whole, false, cut);
        CHECK(plain.out == role + hello + stop + done);
        for (const auto* tap : {asked.tap.get(), plain.tap.get()}) {
            CHECK(tap->usage().prompt == 10);
            CHECK(tap->usage().completion == 4);
            CHECK(tap->usage().cache_read == 6);
            CHECK(tap->usage().reasoning == 1);
            CHECK_FALSE(tap->usage().clamped);
            CHECK(tap->finish_reason() == "stop");
            CHECK(tap->content_events() == 1);
            CHECK(tap->output_tokens_estimate() == 3);
        }
    }
}

TEST_CASE("openai tap: what an upstream may do to the framing", "[openai_chat][stream]") {
    const auto replaced = [](std::string text, std::string_view from, std::string_view to) {
        for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
            text.replace(at, from.size(), to);
        }
        return text;
    };
    const std::string two_lines =
        "data: {\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"x\"}}]}\n\n";
    for (const auto& text :
         {replaced(whole, "\n", "\r\n"),
          replaced(whole, "\n", "\r"),
          "\xef\xbb\xbf" + whole,
          replaced(whole, "data: ", "data:"),
          ": hi\n\n" + role + ": there\n\n" + hello + "id: 4\nretry: 1\n" + stop + done,
          role + two_lines + stop + done}) {
        CAPTURE(text);
        const auto result = run(text, true);
        CHECK(result.out == text);
        CHECK(result.tap->state() == tap_state::finished);
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            // A bare LF that follows the CR of the last event belongs to nothing.
            CHECK(run(text, true, cut).out == text);
        }
    }
}

TEST_CASE("openai tap: ends", "[openai_chat][stream]") {
    struct row {
        std::string text;
        std::string out;
        tap_state state;
        std::optional<errc> what;
    };
    const std::string two = chunk(R"({"index":1,"delta":{"content":"x"},"finish_reason":null})");
    const std::vector<row> rows = {
        {role + hello + stop, role + hello + stop + done, tap_state::finished, {}},  // no [DONE]
        {role + hello + stop + usage_chunk, role + hello + stop + done, tap_state::finished, {}},
        {role + hello, role + hello, tap_state::failed, errc::stream_interrupted},
        {role + hello + two + stop,
         role + hello + two + stop,
         tap_state::failed,
         errc::stream_interrupted},
        {whole + done, role + hello + stop + done, tap_state::finished, {}},  // two ends
        {whole + hello,
         role + hello + stop + done,
         tap_state::finished,
         {}},  // events after the end
        {role + stop + "data: [DONE]", role + stop + done, tap_state::finished, {}},
        {role + stop + "data: [DONE]\n", role + stop + done, tap_state::finished, {}},
        {role + stop.substr(0, stop.size() - 2), role + stop + done, tap_state::finished, {}},
        {role + hello.substr(0, 30), role, tap_state::failed, errc::stream_interrupted},
        {"", "", tap_state::failed, errc::upstream_broken},
        {": comment\n\n", "", tap_state::failed, errc::upstream_broken},
        {done, "", tap_state::failed, errc::upstream_broken},
        {"<html>busy</html>", "", tap_state::failed, errc::upstream_broken},
        {role + "data: {\"choices\":[{}\n\n" + stop + done,
         role,
         tap_state::failed,
         errc::upstream_broken},
        {role + "data: oops\n\n", role, tap_state::failed, errc::upstream_broken},
        {role + "data: []\n\n", role, tap_state::failed, errc::upstream_broken},
        {role + "data: {\"choices\":\"x\"}\n\n", role, tap_state::failed, errc::upstream_broken},
        {role + "data: {\"choices\":[],\"choices\":[]}\n\n",
         role,
         tap_state::failed,
         errc::upstream_broken},
        {role + "data: {\"x\":\"\xff\"}\n\n", role, tap_state::failed, errc::upstream_broken},
        {role + "data: \n\n" + stop + done, role + stop + done, tap_state::finished, {}},
        {"data: {nope}\n\n", "", tap_state::failed, errc::upstream_broken},
    };
    for (const auto& [text, out, state, what] : rows) {
        CAPTURE(text);
        const auto result = run(text);
        CHECK(result.out == out);
        CHECK(result.tap->state() == state);
        if (what) {
            CHECK(result.tap->error().what == *what);
        }
    }
}

TEST_CASE("openai tap: cut after any byte it never claims to be whole", "[openai_chat][stream]") {
    const std::string text = role + hello + hello + stop + usage_chunk + done;
    const auto finish_at =
        (role + hello + hello + stop).size() - 2;  // its blank line may be missing
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        const auto result = run(std::string_view(text).substr(0, size), true);
        const bool ended = result.tap->state() == tap_state::finished;
        CHECK(ended == (result.out.find("[DONE]") != std::string::npos));
        if (ended) {
            CHECK(size >= finish_at);
        }
        CHECK(result.out.size() <= text.size() + done.size());
        CHECK(result.out.ends_with("\n\n") != result.out.empty());
    }
}

TEST_CASE("openai tap: errors inside a stream", "[openai_chat][stream]") {
    struct row {
        std::string event;
        errc what;
        int status;
    };
    const std::vector<row> rows = {
        {R"(data: {"error":{"message":"slow down","type":"rate_limit_error","code":null}})",
         errc::upstream_rate_limited,
         429},
        {R"(data: {"error":{"message":"busy","code":503}})", errc::upstream_overloaded, 503},
        {R"(data: {"error":{"message":"busy","code":529}})", errc::upstream_overloaded, 503},
        {R"(data: {"error":{"message":"busy","type":"overloaded_error"}})",
         errc::upstream_overloaded,
         503},
        {R"(data: {"error":{"message":"oops","type":"server_error"}})", errc::upstream_failed, 502},
        {R"(data: {"error":"oops"})", errc::upstream_failed, 502},
        {R"(data: {"error":{"message":"no key","code":401}})", errc::upstream_credentials, 502},
        {R"(data: {"error":{"message":"bad tool","status_code":400}})",
         errc::upstream_rejected,
         400},
        {R"(data: {"object":"error","message":"oops","code":500})", errc::upstream_failed, 502},
        {R"(data: {"object":"error","message":"bad","code":400})", errc::upstream_rejected, 400},
        {R"(data: {"detail":"oops"})", errc::upstream_failed, 502},
        {"event: error\ndata: {\"message\":\"oops\"}", errc::upstream_failed, 502},
        {"event: error\ndata: {\"error\":{\"message\":\"busy\",\"code\":\"503\"}}",
         errc::upstream_overloaded,
         503},
        {R"(data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error","error":{"code":502,"message":"gone"}}]})",
         errc::upstream_failed,
         502},
        {R"(data: {"error":{"code":429,"message":"gone"},"choices":[{"index":0,"delta":{},"finish_reason":"error"}]})",
         errc::upstream_rate_limited,
         429},
    };
    for (const auto& [event, what, status] : rows) {
        CAPTURE(event);
        const auto first = run(event + "\n\n" + done);
        CHECK(first.out.empty());
        CHECK(first.tap->state() == tap_state::failed);
        CHECK(first.tap->error().what == what);
        CHECK(first.tap->error().http_status() == status);
        CHECK(run(": hi\n\n" + event + "\n\n" + done).out.empty());
        const auto later = run(role + hello + event + "\n\n" + done);
        CHECK(later.out == role + hello);
        CHECK(later.tap->error().what == what);
        const auto rendered = dialect.render_stream_error(later.tap->error(), "req_1");
        CHECK(rendered.starts_with("data: {\"error\":{"));
        CHECK(rendered.ends_with("}}\n\n"));
    }
    CHECK(run(chunk("", R"(,"error":null)") + role + stop + done).tap->state() ==
          tap_state::finished);
    CHECK(run(role + R"(data: {"error":{"message":"the server is busy","code":503}})"
                     "\n\n")
              .tap->error()
              .message == "the server is busy");
}

TEST_CASE("openai tap: nothing commits to a 200 before there is output", "[openai_chat][stream]") {
    gaia::chat::request_view view;
    auto tap = dialect.tap(view, 1 << 20);
    std::string out;
    const std::string filter = chunk("", R"(,"prompt_filter_results":[{"prompt_index":0}])");
    tap->feed(": queued\n\n", out);
    tap->feed(filter, out);
    CHECK(out.empty());
    CHECK(tap->state() == tap_state::waiting);
    tap->feed(role, out);
    CHECK(out == ": queued\n\n" + filter + role);
    CHECK(tap->state() == tap_state::streaming);
    tap->feed(": later\n\n", out);
    CHECK(out.ends_with(": later\n\n"));

    auto bounded = dialect.tap(view, 1 << 20);
    std::string flood;
    for (int i = 0; i < 2000; ++i) {
        bounded->feed(": queued and waiting\n\n", flood);
    }
    CHECK(bounded->state() == tap_state::streaming);  // no more than 16 KiB are held
}

TEST_CASE("openai tap: nonsense in usage is dropped and flagged", "[openai_chat][stream]") {
    struct row {
        std::string usage;
        std::optional<std::int64_t> prompt;
        std::optional<std::int64_t> completion;
        bool clamped;
    };
    const std::vector<row> rows = {
        {R"({"prompt_tokens":-5,"completion_tokens":4})", {}, 4, true},
        {R"({"prompt_tokens":9223372036854775807,"completion_tokens":4})", {}, 4, true},
        {R"({"prompt_tokens":99999999999999999999999,"completion_tokens":4})", {}, 4, true},
        {R"({"prompt_tokens":"12","completion_tokens":4})", {}, 4, true},
        {R"({"prompt_tokens":1.5,"completion_tokens":4})", {}, 4, true},
        {R"({"prompt_tokens":12.0,"completion_tokens":4})", 12, 4, false},
        {R"({"prompt_tokens":null,"completion_tokens":4})", {}, 4, false},
        {R"({"prompt_tokens":1,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":9}})",
         1,
         4,
         true},
        {R"({"prompt_tokens":1,"completion_tokens":4,"prompt_tokens_details":7})", 1, 4, true},
        {R"({})", {}, {}, false},
        {R"("lots")", {}, {}, true},
        {R"([1])", {}, {}, true},
        {R"(-1)", {}, {}, true},
        {R"({"prompt_tokens":331,"completion_tokens":11,"total_tokens":674,"completion_tokens_details":{"reasoning_tokens":332}})",
         331,
         343,
         false},
        {R"({"prompt_tokens":9,"completion_tokens":201,"total_tokens":585,"prompt_tokens_details":{"audio_tokens":375}})",
         384,
         201,
         false},
        {R"({"prompt_tokens":35,"completion_tokens":12,"total_tokens":109})", 35, 74, false},
    };
    for (const auto& [usage, prompt, completion, clamped] : rows) {
        CAPTURE(usage);
        const auto event = chunk("", ",\"usage\":" + usage);
        const auto result = run(role + hello + stop + event + done);
        CHECK(result.out == role + hello + stop + done);
        CHECK(result.tap->state() == tap_state::finished);
        CHECK(result.tap->usage().prompt == prompt);
        CHECK(result.tap->usage().completion == completion);
        CHECK(result.tap->usage().clamped == clamped);
        CHECK(run(role + hello + stop + event + done, true).out ==
              role + hello + stop + event + done);
    }
}

TEST_CASE("openai tap: the last usage wins, and stays where it came with choices",
          "[openai_chat][stream]") {
    const auto counted = [](int tokens, std::string_view finish) {
        return chunk(
            R"({"index":0,"delta":{"content":"x"},"finish_reason":)" + std::string(finish) + "}",
            R"(,"usage":{"prompt_tokens":3,"completion_tokens":)" + std::to_string(tokens) +
                R"(,"cost":0.0012816})");
    };
    const auto text = counted(1, "null") + counted(2, "null") + counted(3, "\"stop\"") + done;
    const auto result = run(text);
    CHECK(result.out == text);
    CHECK(result.tap->usage().completion == 3);
    CHECK(result.tap->usage().reported_cost == gaia::nanos{1'281'600});
    const auto groq = chunk(R"({"index":0,"delta":{},"finish_reason":"stop"})",
                            R"(,"x_groq":{"usage":{"prompt_tokens":8,"completion_tokens":2}})");
    CHECK(run(groq + done).tap->usage().prompt == 8);
}

TEST_CASE("openai tap: an event above the limit breaks the stream", "[openai_chat][stream]") {
    const auto result =
        run(role + "data: " + std::string(5000, 'x'), false, std::string::npos, 4096);
    CHECK(result.out == role);
    CHECK(result.tap->error().what == errc::upstream_broken);
    CHECK(result.tap->error().message.find("too large") != std::string::npos);
}
