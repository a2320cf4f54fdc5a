#include "tests/unit/core/chat/essence.hpp"

using namespace gaia::chat;  // NOLINT: names nothing else

namespace {

std::string count(const std::optional<std::int64_t>& n) {
    return n.value_or(0) == 0 ? "0" : std::to_string(*n);
}

}  // namespace

std::string essence_of(const response& answer) {
    std::string out;
    for (const auto& choice : answer.choices) {
        std::string text, thought, refusal, calls;
        for (const auto& each : choice.parts) {
            if (const auto* t = each.as<text_part>()) {
                text += t->text;
            } else if (const auto* r = each.as<reasoning_part>()) {
                thought += r->text;
                for (const auto& summary : r->summary) {
                    thought += summary;
                }
            } else if (const auto* f = each.as<refusal_part>()) {
                refusal += f->text;
            } else if (const auto* c = each.as<tool_call_part>()) {
                calls += c->id + ' ' + c->name + ' ' +
                         (c->arguments.empty() ? "{}" : c->arguments) + '\n';
            }
        }
        out += "text: " + text + "\nthought: " + thought + "\nrefusal: " + refusal;
        out += "\ncalls: " + calls + "\nend: ";
        out += name_of(choice.end.why);
        out += '\n';
    }
    const auto& u = answer.usage;
    out += "usage: " + count(u.prompt) + ' ' + count(u.completion) + ' ' + count(u.cache_read) +
           ' ' + count(u.reasoning) + '\n';
    return out;
}
