#include <catch2/catch.hpp>

#include "core/chat/convert.hpp"
#include "core/chat/fold.hpp"
#include "core/chat/grammar.hpp"
#include "providers/openai_chat/openai_chat.hpp"
#include "tests/unit/core/chat/essence.hpp"
#include "tests/unit/core/chat/random_chat.hpp"

namespace chat = gaia::chat;
namespace ev = gaia::chat::events;

namespace {

const gaia::providers::openai_chat_codec codec;

chat::target_facts able() {
    chat::target_facts target;
    target.how.cache_marks = true;
    target.how.google_signatures = true;
    target.how.replay = chat::quirks::reasoning_out::details;
    return target;
}

chat::event_list decoded(std::string_view body) {
    chat::event_list events;
    const auto decoder = codec.decode_stream({});
    decoder->feed(body, events);
    decoder->end(events);
    return events;
}

chat::response folded(const chat::event_list& events) {
    chat::fold whole;
    for (const auto& e : events) {
        whole.feed(e);
    }
    return whole.value();
}

// Chunks with these deltas, a finish and [DONE].
std::string stream_of(std::initializer_list<std::string_view> deltas,
                      std::string_view reason = "stop") {
    std::string out;
    for (const auto delta : deltas) {
        out += R"(data: {"id":"i","model":"m","choices":[{"index":0,"delta":)";
        out += delta;
        out += "}]}\n\n";
    }
    out += R"(data: {"id":"i","model":"m","choices":[{"index":0,"delta":{},"finish_reason":")";
    out += reason;
    out += "\"}]}\n\ndata: [DONE]\n\n";
    return out;
}

std::string calls_of(const chat::response& answer) {
    std::string out;
    for (const auto& each : answer.choices.at(0).parts) {
        if (const auto* call = each.as<chat::tool_call_part>()) {
            out += call->name + call->arguments + ';';
        }
    }
    return out;
}

}  // namespace

TEST_CASE("chat codec: 1000 random requests survive", "[openai_chat][codec][random]") {
    std::mt19937_64 random(1);
    for (int i = 0; i != 1000; ++i) {
        CAPTURE(i);
        const auto r = random_request(random);
        chat::loss_report losses;
        const auto body = codec.encode_request(r, able(), losses);
        REQUIRE(body.has_value());
        CAPTURE(body->body);
        REQUIRE(losses.header().empty());
        const auto again = codec.decode_request(body->body, {});
        REQUIRE(again.has_value());
        REQUIRE(again->turns == r.turns);
        REQUIRE(*again == r);
        chat::loss_report ignored;
        REQUIRE(codec.encode_request(r, able(), ignored)->body == body->body);
    }
}

TEST_CASE("chat codec: random requests of other dialects are said or reported",
          "[openai_chat][codec][random]") {
    std::mt19937_64 random(2);
    for (int i = 0; i != 1000; ++i) {
        CAPTURE(i);
        const auto r = random_request(random, {chat::dialect_id::anthropic, true});
        chat::loss_report losses;
        const auto body = codec.encode_request(r, {}, losses);
        REQUIRE(body.has_value());
        const auto again = codec.decode_request(body->body, {});
        REQUIRE(again.has_value());
    }
}

TEST_CASE("chat codec: 1000 random answers survive, whole and as streams",
          "[openai_chat][codec][random]") {
    std::mt19937_64 random(3);
    for (int i = 0; i != 1000; ++i) {
        CAPTURE(i);
        const auto answer = random_response(random);
        const auto body = codec.encode_response(answer, {});
        CAPTURE(body);
        const auto again = codec.decode_response(body, {});
        REQUIRE(again.has_value());
        REQUIRE(essence_of(*again) == essence_of(answer));
        chat::reply_facts how;
        how.include_usage = true;
        const auto encoder = codec.encode_stream(how);
        std::string bytes;
        for (const auto& e : unfold(answer)) {
            encoder->encode(e, bytes);
        }
        const auto events = decoded(bytes);
        REQUIRE(chat::violation_of(events).empty());
        REQUIRE(essence_of(folded(events)) == essence_of(answer));
    }
}

TEST_CASE("chat codec: what vendors do to tool calls is repaired", "[openai_chat][codec]") {
    struct row {
        const char* what;
        std::string body;
        const char* calls;
    };
    const row rows[] = {
        {"interleaved",
         stream_of(
             {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]})",
              R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]})",
              R"({"tool_calls":[{"index":0,"function":{"arguments":":1}"}},{"index":1,"function":{"arguments":"}"}}]})"}),
         "f{\"x\":1};g{};"},
        {"all indexes 0",
         stream_of(
             {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})",
              R"({"tool_calls":[{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}]})"}),
         "f{};f{};"},
        {"no index, no id, whole calls",
         stream_of(
             {R"({"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1}"}},{"function":{"name":"f","arguments":"{\"a\":2}"}}]})"}),
         "f{\"a\":1};f{\"a\":2};"},
        {"id and name on every delta",
         stream_of(
             {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]})",
              R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}]})"}),
         "f{};"},
        {"name repeated without id",
         stream_of(
             {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]})",
              R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"}"}}]})"}),
         "f{};"},
        {"arguments as an object",
         stream_of(
             {R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":{"x": 1.50}}}]})"}),
         "f{\"x\":1.50};"},
        {"empty ids, same index",
         stream_of(
             {R"({"tool_calls":[{"index":0,"id":"","function":{"name":"f","arguments":"{}"}},{"index":0,"id":"","function":{"name":"g","arguments":"{}"}}]})"}),
         "f{};g{};"},
        {"the same id for two calls",
         stream_of(
             {R"({"tool_calls":[{"index":0,"id":"f","function":{"name":"f","arguments":"{}"}},{"index":1,"id":"f","function":{"name":"f","arguments":"{}"}}]})"}),
         "f{};f{};"},
        {"arguments before the name",
         stream_of({R"({"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{"}}]})",
                    R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"}"}}]})"}),
         "f{};"},
        {"legacy function_call",
         stream_of({R"({"function_call":{"name":"f","arguments":""}})",
                    R"({"function_call":{"arguments":"{}"}})"},
                   "function_call"),
         "f{};"},
    };
    for (const auto& one : rows) {
        CAPTURE(one.what);
        const auto events = decoded(one.body);
        CHECK(chat::violation_of(events).empty());
        const auto answer = folded(events);
        CHECK(calls_of(answer) == one.calls);
        CHECK(answer.choices.at(0).end.why == chat::finish_reason::tool_calls);
    }
}

TEST_CASE("chat codec: streams end as they must", "[openai_chat][codec]") {
    const auto said = stream_of({R"({"content":"hi"})"});
    const auto cut = said.substr(0, said.find("\n\n") + 2);
    const auto last = [](const chat::event_list& events) {
        const auto* e = std::get_if<ev::error>(&events.back());
        return e == nullptr ? std::string("none") : std::string(info(e->what.what).metric);
    };
    CHECK(last(decoded(said)) == "none");
    CHECK(last(decoded(cut)) == info(gaia::errc::stream_interrupted).metric);
    CHECK(last(decoded("")) == info(gaia::errc::upstream_broken).metric);
    CHECK(last(decoded("data: {\"choices\"\n\n")) == info(gaia::errc::upstream_broken).metric);
    CHECK(last(decoded(cut + "data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n")) ==
          info(gaia::errc::upstream_rate_limited).metric);
    CHECK(last(decoded("data: {\"error\":{\"message\":\"x\",\"code\":503}}\n\n")) ==
          info(gaia::errc::upstream_overloaded).metric);
    // Repeated reasons, and a reason that is none.
    const auto twice =
        cut +
        R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":""}]})"
        "\n\n" +
        said.substr(said.find("\n\n") + 2, said.find("data: [DONE]") - said.find("\n\n") - 2) +
        said.substr(said.find("\n\n") + 2);
    CHECK(chat::violation_of(decoded(twice)).empty());
    CHECK(last(decoded(twice)) == "none");
}

TEST_CASE("converting tap: nothing comes out before the first real event", "[chat][convert]") {
    const auto make = [] {
        chat::reply_facts how;
        how.id = "x";
        how.model = "alias";
        return chat::converting_tap(codec.decode_stream({}), codec.encode_stream(how), {});
    };
    auto tap = make();
    std::string out;
    tap.feed(": comment\n\ndata: {\"choices\":[],\"prompt_filter_results\":[]}\n\n", out);
    CHECK(out.empty());
    CHECK(tap.state() == chat::tap_state::waiting);
    tap.feed(stream_of({R"({"content":"hi"})"}), out);
    CHECK(tap.state() == chat::tap_state::finished);
    CHECK(out.find(R"("id":"chatcmpl-x")") != std::string::npos);
    CHECK(out.find(R"("model":"alias")") != std::string::npos);
    CHECK(out.ends_with("data: [DONE]\n\n"));
    CHECK(tap.finish_reason() == "stop");
    CHECK(tap.output_tokens_estimate() > 0);

    auto failing = make();
    out.clear();
    failing.feed("data: {\"error\":{\"message\":\"x\",\"code\":503}}\n\n", out);
    CHECK(out.empty());
    CHECK(failing.state() == chat::tap_state::failed);
    CHECK(failing.error().what == gaia::errc::upstream_overloaded);
}

TEST_CASE("chat codec: system turns anywhere, tool results first, images beside them",
          "[openai_chat][codec]") {
    chat::request r;
    r.from = chat::dialect_id::anthropic;
    r.model = "m";
    chat::turn results;
    results.role = chat::role::tool;
    chat::tool_result_part one;
    one.call_id = "a";
    one.is_error = true;
    one.content = {
        chat::text_of("boom"),
        chat::part(chat::image_part{{chat::media::kind::base64, "eA==", "image/png"}, {}})};
    results.parts.emplace_back(one);
    chat::tool_result_part two;
    two.call_id = "b";
    results.parts.emplace_back(two);
    r.turns = {{chat::role::user, {chat::text_of("hi")}, {}, {}},
               {chat::role::system, {chat::text_of("be brief")}, {}, {}},
               results};
    r.sampling.top_k = chat::number{"5"};
    chat::loss_report losses;
    const auto body = codec.encode_request(r, {}, losses);
    REQUIRE(body.has_value());
    CHECK(
        body->body ==
        R"({"model":"m","messages":[{"role":"user","content":"hi"},{"role":"system","content":"be brief"},)"
        R"({"role":"tool","tool_call_id":"a","content":"Error: boom"},{"role":"tool","tool_call_id":"b","content":""},)"
        R"({"role":"user","content":[{"type":"text","text":"Attached to the result of tool call a:"},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,eA=="}}]}]})");
    CHECK(losses.header() == "sampling.top_k, turns[2].parts[0].is_error");
}
