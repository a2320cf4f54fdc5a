#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/chat/fold.hpp"
#include "core/chat/grammar.hpp"
#include "core/json/read.hpp"
#include "providers/openai_chat/openai_chat.hpp"
#include "tests/unit/core/chat/essence.hpp"
#include "tests/unit/recording.hpp"

// Chat recordings through the IR and back.
namespace chat = gaia::chat;
namespace bj = boost::json;

namespace {

const gaia::providers::openai_chat_codec codec;

chat::event_list decoded(std::string_view body, std::size_t step) {
    chat::event_list events;
    const auto decoder = codec.decode_stream({});
    for (std::size_t at = 0; at < body.size(); at += step) {
        const std::string piece(body.substr(at, step));  // so that nothing may point into it
        decoder->feed(piece, events);
    }
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

// Quirks under which a recorded request can be said again.
chat::target_facts target_of(const bj::object& request) {
    chat::target_facts target;
    auto& how = target.how;
    how.max_completion_tokens = !request.contains("max_tokens");
    how.cache_marks = true;
    how.top_k = true;
    how.wish = request.contains("thinking")    ? chat::quirks::reasoning_in::thinking
               : request.contains("reasoning") ? chat::quirks::reasoning_in::object
                                               : chat::quirks::reasoning_in::effort;
    how.replay = bj::serialize(request).find("reasoning_details") != std::string::npos
                     ? chat::quirks::reasoning_out::details
                     : chat::quirks::reasoning_out::reasoning_content;
    return target;
}

// Spellings that mean the same, made the same.
bj::value simplified(const bj::value& v) {
    if (const auto* list = v.if_array()) {
        bj::array out;
        for (const auto& each : *list) {
            out.push_back(simplified(each));
        }
        return out;
    }
    if (v.is_number()) {
        return v.to_number<double>();
    }
    const auto* object = v.if_object();
    if (object == nullptr) {
        return v;
    }
    bj::object out;
    for (const auto& [key, value] : *object) {
        if (!value.is_null()) {
            out[key] = simplified(value);
        }
    }
    if (out.contains("role")) {
        if (out.contains("reasoning")) {
            out["reasoning_content"] = out["reasoning"];
            out.erase("reasoning");
        }
        auto& content = out["content"];
        if (content.is_array() && content.as_array().size() == 1 &&
            content.as_array()[0].as_object().contains("text")) {
            const bj::value text = content.as_array()[0].as_object()["text"];
            content = text;
        }
        const bool empty = content.is_null() || content == bj::value("") ||
                           (content.is_array() && content.as_array().empty());
        if (empty) {
            out.erase("content");
        }
    }
    if (out.contains("function") && !out.contains("type")) {
        out["type"] = "function";
    }
    if (out.contains("description") && out["description"] == bj::value("")) {
        out.erase("description");
    }
    if (out.contains("function") && out.contains("index")) {
        out.erase("index");
    }
    return out;
}

bj::value simplified_request(std::string_view text) {
    auto v = simplified(bj::parse({text.data(), text.size()}));
    auto& object = v.as_object();
    object.erase("stream_options");  // the gateway's own
    if (object.contains("stream") && object["stream"] == bj::value(false)) {
        object.erase("stream");
    }
    return v;
}

}  // namespace

TEST_CASE("chat codec: recorded requests survive the IR", "[openai_chat][codec][recordings]") {
    for (const auto& one : recordings_of("chat")) {
        if (one.request == "null" || one.request.empty()) {
            continue;
        }
        CAPTURE(one.name);
        const auto request = codec.decode_request(one.request, {});
        REQUIRE(request.has_value());
        const auto target = target_of(bj::parse(one.request).as_object());
        chat::loss_report losses;
        const auto again = codec.encode_request(*request, target, losses);
        REQUIRE(again.has_value());
        CHECK(losses.header().empty());
        REQUIRE(gaia::json::validate(again->body));
        const bool same = simplified_request(again->body) == simplified_request(one.request);
        CHECK(same);
        if (!same && one.request.size() < 4000) {
            UNSCOPED_INFO(again->body);
            UNSCOPED_INFO(one.request);
            CHECK(false);
        }
        auto twice = codec.decode_request(again->body, {});
        REQUIRE(twice.has_value());
        twice->include_usage = request->include_usage;
        CHECK(*twice == *request);
    }
}

TEST_CASE("chat codec: recorded answers survive the IR", "[openai_chat][codec][recordings]") {
    for (const auto& one : recordings_of("chat")) {
        if (one.stream) {
            continue;
        }
        CAPTURE(one.name);
        const auto answer = codec.decode_response(one.body, {});
        if (one.status != 200) {
            CHECK_FALSE(answer.has_value());
            continue;
        }
        REQUIRE(answer.has_value());
        const auto body = codec.encode_response(*answer, {});
        REQUIRE(gaia::json::validate(body));
        const auto again = codec.decode_response(body, {});
        REQUIRE(again.has_value());
        CHECK(essence_of(*again) == essence_of(*answer));
        CHECK(again->choices == answer->choices);
        CHECK(again->id == answer->id);
        CHECK(again->model == answer->model);
        CHECK(again->other == answer->other);
        // And against the recording itself.
        const auto said = bj::parse(one.body).as_object()["choices"].as_array();
        const auto ours = bj::parse(body).as_object()["choices"].as_array();
        REQUIRE(said.size() == ours.size());
        for (std::size_t i = 0; i != said.size(); ++i) {
            const auto simple = simplified(said[i].at("message"));
            const auto mine = simplified(ours[i].at("message"));
            for (const auto name : {"content", "refusal", "reasoning_content", "annotations"}) {
                CAPTURE(name);
                const auto* a = simple.as_object().if_contains(name);
                const auto* b = mine.as_object().if_contains(name);
                const bool nothing = a == nullptr || (a->is_array() && a->as_array().empty());
                REQUIRE(nothing == (b == nullptr));
                if (!nothing && b != nullptr) {
                    CHECK(*a == *b);
                }
            }
        }
    }
}

TEST_CASE("chat codec: recorded streams survive the IR", "[openai_chat][codec][recordings]") {
    for (const auto& one : recordings_of("chat")) {
        if (!one.stream || one.status != 200) {
            continue;
        }
        CAPTURE(one.name);
        const auto events = decoded(one.body, one.body.size());
        CHECK(chat::violation_of(events).empty());
        const auto answer = folded(events);
        CHECK(essence_of(folded(decoded(one.body, 1))) == essence_of(answer));
        if (one.name.find("midstream-error") != std::string::npos) {
            CHECK(std::holds_alternative<chat::events::error>(events.back()));
            continue;
        }
        CHECK(std::holds_alternative<chat::events::end>(events.back()));
        CHECK(answer.usage.prompt.has_value() ==
              (one.body.find("\"prompt_tokens\"") != std::string::npos));
        std::string bytes;
        chat::reply_facts how;
        how.include_usage = true;
        const auto encoder = codec.encode_stream(how);
        for (const auto& e : events) {
            encoder->encode(e, bytes);
        }
        const auto again = decoded(bytes, bytes.size());
        CHECK(chat::violation_of(again).empty());
        CHECK(essence_of(folded(again)) == essence_of(answer));
    }
}

TEST_CASE("chat codec: recorded streams cut after any event end in an error or an end",
          "[openai_chat][codec][recordings]") {
    for (const auto& one : recordings_of("chat")) {
        if (!one.stream || one.status != 200) {
            continue;
        }
        CAPTURE(one.name);
        for (auto at = one.body.find("\n\n"); at != std::string::npos;
             at = one.body.find("\n\n", at + 2)) {
            const auto events = decoded(std::string_view(one.body).substr(0, at + 2), at + 2);
            REQUIRE(chat::violation_of(events).empty());
        }
    }
}

TEST_CASE("chat codec: recorded streams cut in two anywhere", "[openai_chat][codec][recordings]") {
    for (const auto& one : recordings_of("chat")) {
        if (!one.stream || one.status != 200 || one.body.size() > 8000) {
            continue;
        }
        CAPTURE(one.name);
        const auto whole = essence_of(folded(decoded(one.body, one.body.size())));
        for (std::size_t at = 1; at < one.body.size(); ++at) {
            chat::event_list events;
            const auto decoder = codec.decode_stream({});
            decoder->feed(std::string(one.body.substr(0, at)), events);
            decoder->feed(std::string(one.body.substr(at)), events);
            decoder->end(events);
            REQUIRE(chat::violation_of(events).empty());
            REQUIRE(essence_of(folded(events)) == whole);
        }
    }
}
