#include <catch2/catch.hpp>

#include "core/chat/convert.hpp"
#include "core/chat/fold.hpp"
#include "core/chat/grammar.hpp"
#include "core/chat/loss.hpp"
#include "core/chat/names.hpp"
#include "core/chat/sequence.hpp"
#include "tests/unit/core/chat/random_chat.hpp"

using namespace gaia::chat;  // NOLINT: the vocabulary under test
namespace ev = gaia::chat::events;

namespace {

event_list two_calls_interleaved() {
    return {ev::start{"i", "m", {}, {}, {}},
            ev::tool_call_start{0, 0, "a", "f", {}},
            ev::tool_call_start{0, 1, "b", "g", {}},
            ev::tool_arguments_delta{0, 1, "{\"y\":"},
            ev::tool_arguments_delta{0, 0, "{}"},
            ev::tool_arguments_delta{0, 1, "2}"},
            ev::part_end{0, 0},
            ev::part_end{0, 1},
            ev::finish{0, {finish_reason::tool_calls, "", ""}},
            ev::end{}};
}

}  // namespace

TEST_CASE("grammar: says the first violation", "[chat][grammar]") {
    struct row {
        const char* what;
        event_list events;
    };
    const ev::start start{"i", "m", {}, {}, {}};
    const ev::part_start text{0, 0, ev::part_kind::text, {}, {}};
    const row rows[] = {
        {"event 0: text_delta before start", {ev::text_delta{0, 0, "x"}}},
        {"event 1: a second start", {start, start}},
        {"event 1: part_start: part 1 where 0 is next",
         {start, ev::part_start{0, 1, ev::part_kind::text, {}, {}}}},
        {"event 2: reasoning_delta for a part that is not open as one",
         {start, text, ev::reasoning_delta{0, 0, "x", {}}}},
        {"event 2: finish while a part is open", {start, text, ev::finish{0, {}}}},
        {"event 2: finish after finish", {start, ev::finish{0, {}}, ev::finish{0, {}}}},
        {"event 2: end before every choice has finished", {start, text, ev::end{}}},
        {"event 1: end of an empty stream", {start, ev::end{}}},
        {"event 3: something after the end", {start, ev::finish{0, {}}, ev::end{}, ev::ping{}}},
        {"event 1: neither end nor error", {start}},
    };
    for (const auto& one : rows) {
        CHECK(violation_of(one.events) == one.what);
    }
    CHECK(violation_of(two_calls_interleaved()).empty());
    CHECK(violation_of(two_calls_interleaved(), true) ==
          "event 2: tool_call_start while another part is open");
}

TEST_CASE("sequencer: parallel calls come one after the other and lose nothing", "[chat]") {
    event_list ordered;
    sequencer order;
    fold before;
    for (const auto& e : two_calls_interleaved()) {
        before.feed(e);
        order.feed(e, ordered);
    }
    CHECK(violation_of(ordered, true).empty());
    fold after;
    for (auto& e : ordered) {
        after.feed(std::move(e));
    }
    CHECK(after.value().choices == before.value().choices);
}

TEST_CASE("sequencer: what waits is bounded", "[chat]") {
    event_list out;
    sequencer order(4096);
    order.feed(ev::start{"i", "m", {}, {}, {}}, out);
    order.feed(ev::tool_call_start{0, 0, "a", "f", {}}, out);
    order.feed(ev::tool_call_start{0, 1, "b", "g", {}}, out);
    order.feed(ev::tool_arguments_delta{0, 1, std::string(5000, 'x')}, out);
    CHECK(std::holds_alternative<ev::error>(out.back()));
    CHECK(violation_of(out, true).empty());
}

TEST_CASE("fold: what unfold tells is the answer again", "[chat][random]") {
    std::mt19937_64 random(7);
    for (int i = 0; i != 1000; ++i) {
        CAPTURE(i);
        const auto answer = random_response(random);
        const auto events = unfold(answer);
        REQUIRE(violation_of(events, true).empty());
        fold whole;
        for (const auto& e : events) {
            whole.feed(e);
        }
        REQUIRE(whole.value().choices == answer.choices);
        REQUIRE(whole.value().usage.prompt == answer.usage.prompt);
    }
}

TEST_CASE("restorer: names come back and emulated JSON is text", "[chat]") {
    restoration undo;
    const std::string given(70, 'n');
    const auto substitute = undo.names.outward(given);
    CHECK(substitute.size() <= 64);
    CHECK(substitute == undo.names.outward(given));
    CHECK(undo.names.outward("plain-name_1") == "plain-name_1");
    undo.json_tool = "json";
    restorer back(undo);
    event_list events{ev::start{"i", "m", {}, {}, {}},
                      ev::tool_call_start{0, 0, "a", "json", {}},
                      ev::tool_arguments_delta{0, 0, "{\"x\":1}"},
                      ev::part_end{0, 0},
                      ev::finish{0, {finish_reason::tool_calls, "", ""}},
                      ev::tool_call_start{1, 0, "b", substitute, {}},
                      ev::part_end{1, 0},
                      ev::finish{1, {finish_reason::tool_calls, "", ""}},
                      ev::end{}};
    fold whole;
    for (auto& e : events) {
        back.apply(e);
    }
    CHECK(violation_of(events).empty());
    for (auto& e : events) {
        whole.feed(std::move(e));
    }
    const auto& choices = whole.value().choices;
    CHECK(joined_text(choices[0].parts) == "{\"x\":1}");
    CHECK(choices[0].end.why == finish_reason::stop);
    CHECK(choices[1].parts[0].as<tool_call_part>()->name == given);
    CHECK(choices[1].end.why == finish_reason::tool_calls);
}

TEST_CASE("loss report: the header holds paths alone and is bounded", "[chat]") {
    loss_report losses;
    losses.emulated("format", "fine");
    CHECK(losses.header().empty());
    CHECK_FALSE(losses.refusal());
    losses.dropped("sampling.top_k", "why");
    losses.dropped("x\r\ny: z", "what a user may call a member");
    CHECK(losses.header() == "sampling.top_k, x__y__z");
    CHECK(losses.refusal()->param == "sampling.top_k");
    for (int i = 0; i != 5000; ++i) {
        losses.dropped("turns[" + std::to_string(i) + "]", "");
    }
    CHECK(losses.header().size() <= 1024);
    CHECK(losses.all().size() <= 256);
}
