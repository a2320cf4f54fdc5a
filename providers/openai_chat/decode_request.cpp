#include <array>

#include "core/json/write.hpp"
#include "providers/openai_chat/codec.hpp"
#include "providers/openai_chat/turns.hpp"

namespace gaia::providers {
namespace {

using chat::dialect_id;
using json::path;
using json::value;

constexpr auto self = dialect_id::openai_chat;

failure wrong(const std::string& where, std::string_view what) {
    return fail(errc::invalid_value, "'" + where + "' " + std::string(what) + ".", where);
}

// A setting in its usual kind, or untouched among the extras.
bool take(std::optional<chat::number>& into, const value& raw) {
    if (!raw.is_number()) {
        return false;
    }
    into = chat::number{std::string(raw.raw())};
    return true;
}
bool take(std::optional<bool>& into, const value& raw) {
    into = raw.boolean();
    return into.has_value();
}
bool take(std::optional<std::int64_t>& into, const value& raw) {
    into = raw.integer();
    return into.has_value();
}
bool take(std::string& into, const value& raw) {
    into = raw.text();
    return raw.is_text();
}
bool take_raw(std::string& into, const value& raw) {
    into = json::compact(raw.raw());
    return raw.is_object();
}

result<chat::tool> read_tool(const value& raw, const path& at) {
    chat::tool tool;
    const auto type = raw["type"];
    const bool custom = type.is("custom");
    const auto body = raw[custom ? "custom" : "function"];
    if (!custom && !type.is("function") && !body.is_object()) {
        tool.what = chat::tool::kind::native;
        tool.from = self;
        tool.raw = json::compact(raw.raw());
        return tool;
    }
    if (!body["name"].is_text() || body["name"].is("")) {
        return wrong(at.text(), "must have a name");
    }
    tool.what = custom ? chat::tool::kind::custom : chat::tool::kind::function;
    for (auto key = body.members(); key.next();) {
        const value member(key.value());
        if (key.key_is("name")) {
            tool.name = member.text();
        } else if (key.key_is("description")) {
            tool.description = member.text();
        } else if (key.key_is("parameters") && member.is_object()) {
            tool.schema = json::compact(member.raw());
        } else if (key.key_is("format") && custom) {
            tool.grammar = json::compact(member.raw());
        } else if (key.key_is("strict")) {
            tool.strict = member.boolean();
        } else if (member.given()) {
            tool.other.add(self, json::key_text(key), key.value());
        }
    }
    if (const auto mark = raw["cache_control"]; mark.is_object()) {
        tool.cache = chat::cache_mark{mark["ttl"].text()};
    }
    return tool;
}

// functions: the same without the shell.
chat::tool read_function(const value& raw) {
    chat::tool tool;
    tool.name = raw["name"].text();
    tool.description = raw["description"].text();
    if (const auto schema = raw["parameters"]; schema.is_object()) {
        tool.schema = json::compact(schema.raw());
    }
    return tool;
}

std::optional<chat::tool_choice> read_choice(const value& raw) {
    using mode = chat::tool_choice::mode;
    chat::tool_choice choice;
    choice.from = self;
    if (raw.is("auto")) {
        choice.how = mode::automatic;
    } else if (raw.is("none")) {
        choice.how = mode::none;
    } else if (raw.is("required") || raw.is("any")) {
        choice.how = mode::required;
    } else if (const auto name = raw[raw["type"].is("custom") ? "custom" : "function"]["name"];
               name.is_text()) {
        choice.how = mode::named;
        choice.names.push_back(name.text());
    } else if (raw["name"].is_text()) {  // function_call
        choice.how = mode::named;
        choice.names.push_back(raw["name"].text());
    } else if (const auto allowed = raw["allowed_tools"]; allowed.is_object()) {
        choice.how = mode::allowed;
        choice.required = allowed["mode"].is("required");
        for (const auto item : allowed["tools"].items()) {
            choice.names.push_back(
                item[item["type"].is("custom") ? "custom" : "function"]["name"].text());
        }
    } else if (raw.given()) {
        choice.native = json::compact(raw.raw());
    } else {
        return std::nullopt;
    }
    return choice;
}

std::optional<chat::response_format> read_format(const value& raw) {
    using kind = chat::response_format::kind;
    chat::response_format format;
    const auto type = raw["type"];
    if (type.is("json_object")) {
        format.what = kind::json_object;
    } else if (type.is("json_schema")) {
        format.what = kind::json_schema;
        for (auto key = raw["json_schema"].members(); key.next();) {
            const value member(key.value());
            if (key.key_is("name")) {
                format.name = member.text();
            } else if (key.key_is("description")) {
                format.description = member.text();
            } else if (key.key_is("schema")) {
                format.schema = json::compact(member.raw());
            } else if (key.key_is("strict")) {
                format.strict = member.boolean();
            } else if (member.given()) {
                format.other.add(self, json::key_text(key), key.value());
            }
        }
    } else if (!type.is("text")) {
        return std::nullopt;
    }
    return format;
}

// The ways in which vendors of this dialect let users ask for thought.
bool read_wish(const json::member_cursor& key, chat::reasoning_wish& wish) {
    using mode = chat::reasoning_wish::mode;
    const value raw(key.value());
    if (key.key_is("reasoning_effort") && raw.is_text()) {
        wish.effort = raw.text();
        wish.how = wish.effort == "none" ? mode::off : mode::on;
    } else if (key.key_is("reasoning") && raw.is_object()) {
        wish.effort = raw["effort"].text();
        wish.summary = raw["summary"].text();
        wish.budget_tokens = raw["max_tokens"].integer();
        wish.how =
            raw["enabled"].boolean() == false || wish.effort == "none" ? mode::off : mode::on;
        if (const auto hidden = raw["exclude"].boolean()) {
            wish.include = !*hidden;
        }
    } else if (key.key_is("thinking") && raw.is_object()) {
        const auto type = raw["type"];
        wish.how = type.is("disabled")   ? mode::off
                   : type.is("adaptive") ? mode::adaptive
                                         : mode::on;
        if (const auto budget = raw["budget_tokens"].integer()) {
            wish.budget_tokens = budget;
        }
    } else if (key.key_is("enable_thinking") && raw.boolean()) {
        wish.how = *raw.boolean() ? mode::on : mode::off;
    } else if (key.key_is("thinking_budget") && raw.integer()) {
        wish.budget_tokens = raw.integer();
    } else {
        return false;
    }
    return true;
}

bool read_setting(const json::member_cursor& key, chat::request& r) {
    const value raw(key.value());
    const auto is = [&](std::string_view name) { return key.key_is(name); };
    auto& s = r.sampling;
    return (is("temperature") && take(s.temperature, raw)) || (is("top_p") && take(s.top_p, raw)) ||
           (is("top_k") && take(s.top_k, raw)) || (is("min_p") && take(s.min_p, raw)) ||
           (is("presence_penalty") && take(s.presence_penalty, raw)) ||
           (is("frequency_penalty") && take(s.frequency_penalty, raw)) ||
           (is("repetition_penalty") && take(s.repetition_penalty, raw)) ||
           (is("seed") && take(s.seed, raw)) || (is("logprobs") && take(s.logprobs, raw)) ||
           (is("top_logprobs") && take(s.top_logprobs, raw)) ||
           (is("logit_bias") && take_raw(s.logit_bias, raw)) ||
           (is("parallel_tool_calls") && take(r.parallel_tools, raw)) ||
           (is("n") && take(r.choices, raw)) || (is("service_tier") && take(r.service_tier, raw)) ||
           (is("user") && take(r.user, raw)) || (is("metadata") && take_raw(r.metadata, raw)) ||
           (is("verbosity") && take(r.verbosity, raw)) ||
           (is("prompt_cache_key") && take(r.cache_key, raw)) ||
           (is("store") && take(r.store, raw)) || (is("audio") && take_raw(r.audio, raw));
}

class reader {
public:
    explicit reader(chat::request& r) : r_(r) {}

    result<void> read(const value& body) {
        for (auto key = body.members(); key.next();) {
            if (key.type() == json::kind::null) {
                continue;
            }
            if (auto done = member(key); !done) {
                return done;
            }
        }
        if (limit_) {
            r_.max_output_tokens = limit_;
        }
        if (wished_) {
            r_.reasoning = wish_;
        }
        return {};
    }

private:
    result<void> member(const json::member_cursor& key) {
        const value raw(key.value());
        if (key.key_is("model")) {
            r_.model = raw.text();
        } else if (key.key_is("messages")) {
            return messages(raw);
        } else if (key.key_is("tools")) {
            return tools(raw);
        } else if (key.key_is("functions")) {
            for (const auto item : raw.items()) {
                r_.tools.push_back(read_function(item));
            }
        } else if (key.key_is("tool_choice") || key.key_is("function_call")) {
            r_.tool_choice = read_choice(raw);
        } else if (key.key_is("response_format") && raw.is_object()) {
            r_.format = read_format(raw);
            if (!r_.format) {
                return wrong("response_format.type", "must be text, json_object or json_schema");
            }
        } else if (key.key_is("stop") && (raw.is_text() || raw.is_array())) {
            if (raw.is_text()) {
                r_.stop.push_back(raw.text());
            }
            for (const auto item : raw.items()) {
                r_.stop.push_back(item.text());
            }
        } else if (key.key_is("max_completion_tokens") && raw.integer()) {
            limit_ = raw.integer();
        } else if (key.key_is("max_tokens") && raw.integer()) {
            r_.max_output_tokens = raw.integer();
        } else if (key.key_is("stream") && raw.boolean()) {
            r_.stream = *raw.boolean();
        } else if (key.key_is("stream_options") && raw.is_object()) {
            r_.include_usage = raw["include_usage"].boolean().value_or(false);
        } else if (key.key_is("modalities") && raw.is_array()) {
            for (const auto item : raw.items()) {
                r_.modalities.push_back(item.text());
            }
        } else if (read_wish(key, wish_)) {
            wished_ = true;
        } else if (!read_setting(key, r_)) {
            r_.other.add(self, json::key_text(key), key.value());
        }
        return {};
    }

    result<void> messages(const value& raw) {
        if (!raw.is_array()) {
            return wrong("messages", "must be an array");
        }
        r_.turns.clear();
        const path root;
        const path list(root, "messages");
        std::size_t index = 0;
        for (const auto item : raw.items()) {
            const path at(list, index++);
            if (auto done = read_message(item, at, r_.turns); !done) {
                return done;
            }
        }
        return {};
    }

    result<void> tools(const value& raw) {
        if (!raw.is_array()) {
            return wrong("tools", "must be an array");
        }
        const path root;
        const path list(root, "tools");
        std::size_t index = 0;
        for (const auto item : raw.items()) {
            const path at(list, index++);
            auto tool = read_tool(item, at);
            if (!tool) {
                return tool.error();
            }
            r_.tools.push_back(std::move(*tool));
        }
        return {};
    }

    chat::request& r_;
    std::optional<std::int64_t> limit_;
    chat::reasoning_wish wish_;
    bool wished_ = false;
};

}  // namespace

result<chat::request> openai_chat_codec::decode_request(std::string_view body,
                                                        const chat::call_facts& call) const {
    constexpr std::array<std::string_view, 2> keys{"model", "messages"};
    std::array<json::found, 2> at;
    const auto peeked = json::peek(body, keys, at, call.limit);
    if (!peeked) {
        return fail(errc::invalid_json, std::string(json::describe(peeked.what)) + ".");
    }
    chat::request r;
    r.from = self;
    const auto start = body.find('{');  // white space may stand before it
    if (auto done = reader(r).read(value(body.substr(start))); !done) {
        return done.error();
    }
    if (!call.model.empty()) {
        r.model = call.model;
    }
    if (call.stream) {
        r.stream = *call.stream;
    }
    if (r.turns.empty()) {
        return fail(errc::missing_parameter, "'messages' must not be empty.", "messages");
    }
    return r;
}

}  // namespace gaia::providers
