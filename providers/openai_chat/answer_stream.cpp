#include <array>

#include "core/json/cursor.hpp"
#include "providers/openai_chat/meter.hpp"
#include "providers/openai_chat/openai_chat.hpp"

// A whole answer told as a stream: the members are taken over as they are written, so that the
// spelling of numbers and fields that nobody here knows survive.
namespace gaia::providers {
namespace {

// The members that every chunk of the stream repeats, without braces.
std::string chunk_head(std::string_view answer) {
    std::string head = R"("object":"chat.completion.chunk")";
    for (json::member_cursor at(answer); at.next();) {
        if (at.key_is("id") || at.key_is("created") || at.key_is("model") ||
            at.key_is("system_fingerprint") || at.key_is("service_tier")) {
            head += ",\"";
            head += at.key();
            head += "\":";
            head += at.value();
        }
    }
    return head;
}

void append_event(std::string& out, std::string_view head, std::string_view rest) {
    const auto begin = out.size();
    out += "data: {";
    out += head;
    out += ',';
    out += rest;
    out += "}";
    // Answers are pretty-printed by some vendors; outside of strings, where no raw line end can
    // stand, a line end is white space.
    for (auto at = begin; at != out.size(); ++at) {
        if (out[at] == '\n' || out[at] == '\r') {
            out[at] = ' ';
        }
    }
    out += "\n\n";
}

// tool_calls of a message have no index, those of a delta must have one.
std::string indexed_calls(std::string_view calls) {
    std::string out = "[";
    std::size_t index = 0;
    for (json::element_cursor call(calls); call.next(); ++index) {
        if (index != 0) {
            out += ',';
        }
        if (call.type() != json::kind::object || !json::member(call.value(), "index").empty()) {
            out += call.value();
            continue;
        }
        out += "{\"index\":" + std::to_string(index);
        for (json::member_cursor at(call.value()); at.next();) {
            out += ",\"";
            out += at.key();
            out += "\":";
            out += at.value();
        }
        out += '}';
    }
    out += ']';
    return out;
}

std::string delta_of(std::string_view message) {
    std::string out = "{";
    for (json::member_cursor at(message); at.next();) {
        if (out.size() > 1) {
            out += ',';
        }
        out += '"';
        out += at.key();
        out += "\":";
        if (at.key_is("tool_calls") && at.type() == json::kind::array) {
            out += indexed_calls(at.value());
        } else {
            out += at.value();
        }
    }
    out += '}';
    return out;
}

void append_choice(std::string& out,
                   std::string_view head,
                   std::string_view choice,
                   std::size_t nth) {
    std::string index = std::to_string(nth);
    std::string finish = R"("stop")";
    std::string delta = "{}";
    std::string logprobs;
    for (json::member_cursor at(choice); at.next();) {
        if (at.key_is("index") && at.type() == json::kind::number) {
            index = at.value();
        } else if (at.key_is("finish_reason") && at.type() == json::kind::string) {
            finish = at.value();
        } else if (at.key_is("message") && at.type() == json::kind::object) {
            delta = delta_of(at.value());
        } else if (at.key_is("logprobs")) {
            logprobs = R"(,"logprobs":)" + std::string(at.value());
        }
    }
    const auto start = R"("choices":[{"index":)" + index + R"(,"delta":)";
    append_event(out, head, start + delta + logprobs + R"(,"finish_reason":null}])");
    append_event(out, head, start + R"({},"finish_reason":)" + finish + "}]");
}

}  // namespace

result<std::string> openai_chat::answer_as_stream(std::string_view body,
                                                  const chat::request_view& view) const {
    if (const auto inspected = inspect_answer(body, {}); !inspected) {
        return inspected.error();
    }
    const auto head = chunk_head(body.substr(body.find('{')));
    std::string out;
    out.reserve(body.size() + 512);
    std::size_t nth = 0;
    std::string_view usage;
    for (json::member_cursor at(body.substr(body.find('{'))); at.next();) {
        if (at.key_is("choices")) {
            for (json::element_cursor choice(at.value()); choice.next(); ++nth) {
                append_choice(out, head, choice.value(), nth);
            }
        } else if (at.key_is("usage")) {
            usage = at.value();
        }
    }
    if (view.wants_usage && json::kind_of(usage) == json::kind::object) {
        const auto text = read_usage(usage).nonsense ? cleaned_usage(usage) : std::string(usage);
        append_event(out, head, R"("choices":[],"usage":)" + text);
    }
    out += "data: [DONE]\n\n";
    return out;
}

}  // namespace gaia::providers
