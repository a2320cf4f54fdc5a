#include <array>

#include "core/json/cursor.hpp"
#include "providers/openai_chat/error.hpp"
#include "providers/openai_chat/meter.hpp"
#include "providers/openai_chat/openai_chat.hpp"
#include "providers/openai_chat/output.hpp"

namespace gaia::providers {
namespace {

enum : std::size_t { at_choices, at_usage, at_error, at_object, at_detail, key_count };
constexpr std::array<std::string_view, key_count> keys{
    "choices", "usage", "error", "object", "detail"};

failure broken(std::string detail) {
    return fail_detail(errc::upstream_broken, std::move(detail));
}

// An error in a 200 is the upstream's fault, whatever it blames.
failure error_in_answer(std::string_view body) {
    auto f = map_error_in_success(read_error(body), false);
    if (f.http_status() < 500 && f.what != errc::upstream_rate_limited) {
        f.status = 502;
        f.type = "api_error";
    }
    return f;
}

}  // namespace

result<chat::answer_view> openai_chat::inspect_answer(std::string_view body,
                                                      const json::limits& limit) const {
    std::array<json::found, key_count> at;
    const auto peeked = json::peek(body, keys, at, limit);
    if (!peeked) {
        return broken("answer: " + std::string(json::describe(peeked.what)) + " at byte " +
                      std::to_string(peeked.offset));
    }
    const auto given = [&](std::size_t key) { return at[key] && at[key].type != json::kind::null; };
    if (given(at_error) || at[at_object].in(body) == R"("error")" ||
        (!given(at_choices) && given(at_detail))) {
        return error_in_answer(body);
    }
    const auto& choices = at[at_choices];
    if (choices.type != json::kind::array || choices.items == 0 || !choices.only_objects) {
        return broken("answer: no choices");
    }
    chat::answer_view view;
    if (at[at_usage]) {
        const auto raw = at[at_usage].in(body);
        const auto reading = read_usage(raw);
        view.usage = reading.usage;
        if (reading.nonsense) {
            view.edits.push_back({at[at_usage].begin, at[at_usage].end, cleaned_usage(raw)});
        }
    }
    bool first = true;
    for (json::element_cursor choice(choices.in(body)); choice.next(); first = false) {
        for (json::member_cursor member(choice.value()); member.next();) {
            if (member.key_is("message") && member.type() == json::kind::object &&
                !view.usage.known()) {
                view.output_tokens_estimate += output_of(member.value());
            } else if (first && member.key_is("finish_reason") &&
                       member.type() == json::kind::string) {
                view.finish_reason = json::to_text(member.value());
            }
        }
    }
    return view;
}

}  // namespace gaia::providers
