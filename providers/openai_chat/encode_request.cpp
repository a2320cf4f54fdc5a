#include <algorithm>

#include "core/json/write.hpp"
#include "providers/openai_chat/codec.hpp"
#include "providers/openai_chat/turns.hpp"

namespace gaia::providers {
namespace {

using chat::dialect_id;
using chat::quirks;

constexpr auto self = dialect_id::openai_chat;

// A body is written in one order whatever the order of the client's: settings, then tools, then
// messages, so that conversations that grow share their beginning and upstream prompt caches hit.
class body_writer {
public:
    body_writer(std::string& out,
                const chat::request& r,
                const chat::target_facts& target,
                chat::name_map& names,
                chat::loss_report& losses)
        : out_(out), r_(r), target_(target), names_(names), losses_(losses) {}

    result<void> write() {
        out_.begin_object().text("model", target_.model.empty() ? r_.model : target_.model);
        if (r_.stream) {
            out_.boolean("stream", true);
            if (target_.how.stream_options) {  // always: it is how the gateway meters
                out_.object("stream_options").boolean("include_usage", true).end_object();
            }
        }
        settings();
        samplings();
        wish();
        format();
        tools();
        out_.array("messages");
        if (instruction_) {
            schema_instruction();
        }
        message_writer messages(out_, r_, target_, names_, losses_);
        if (auto wrote = messages.write_all(); !wrote) {
            return wrote;
        }
        out_.end_array();
        for (const auto& each : r_.other.members) {
            if (r_.other.from == self) {
                out_.raw(each.key, each.raw);
            } else {
                losses_.dropped(each.key, "unknown to chat completions");
            }
        }
        out_.end_object();
        return {};
    }

private:
    void settings() {
        if (r_.max_output_tokens) {
            out_.integer(target_.how.max_completion_tokens ? "max_completion_tokens" : "max_tokens",
                         *r_.max_output_tokens);
        }
        if (!r_.stop.empty()) {
            out_.array("stop");
            for (std::size_t i = 0; i != r_.stop.size(); ++i) {
                if (i < stops_max || r_.from == self) {
                    out_.text(r_.stop[i]);
                } else {
                    losses_.dropped("stop[" + std::to_string(i) + "]", "four are taken");
                }
            }
            out_.end_array();
        }
        optional("n", r_.choices);
        text("service_tier", r_.service_tier);
        text("user", r_.user);
        text("verbosity", r_.verbosity);
        text("prompt_cache_key", r_.cache_key);
        if (!r_.metadata.empty()) {
            if (r_.from == self) {
                out_.raw("metadata", r_.metadata);
            } else {
                losses_.dropped("metadata", "the vendor takes it for stored answers alone");
            }
        }
        if (r_.store && r_.from == self) {
            out_.boolean("store", *r_.store);
        }
        if (!r_.modalities.empty()) {
            out_.array("modalities");
            for (const auto& each : r_.modalities) {
                out_.text(each);
            }
            out_.end_array();
        }
        if (!r_.audio.empty()) {
            out_.raw("audio", r_.audio);
        }
    }

    void text(std::string_view name, const std::string& value) {
        if (!value.empty()) {
            out_.text(name, value);
        }
    }
    void optional(std::string_view name, const std::optional<std::int64_t>& value) {
        if (value) {
            out_.integer(name, *value);
        }
    }
    void spelled(std::string_view name, const std::optional<chat::number>& value) {
        if (value) {
            out_.raw(name, value->spelling);
        }
    }
    void spelled_by_some(std::string_view name, const std::optional<chat::number>& value) {
        if (value && !target_.how.top_k && r_.from != self) {
            losses_.dropped("sampling." + std::string(name), "unknown to chat completions");
        } else {
            spelled(name, value);
        }
    }

    void samplings() {
        const auto& s = r_.sampling;
        spelled("temperature", s.temperature);
        spelled("top_p", s.top_p);
        spelled_by_some("top_k", s.top_k);
        spelled_by_some("min_p", s.min_p);
        spelled("presence_penalty", s.presence_penalty);
        spelled("frequency_penalty", s.frequency_penalty);
        spelled_by_some("repetition_penalty", s.repetition_penalty);
        spelled("seed", s.seed);
        if (s.logprobs) {
            out_.boolean("logprobs", *s.logprobs);
        }
        optional("top_logprobs", s.top_logprobs);
        if (!s.logit_bias.empty()) {
            out_.raw("logit_bias", s.logit_bias);
        }
    }

    // Effort as this vendor's users say it.
    void wish() {
        if (!r_.reasoning) {
            return;
        }
        using mode = chat::reasoning_wish::mode;
        const auto& wish = *r_.reasoning;
        const bool off = wish.how == mode::off;
        switch (target_.how.wish) {
            case quirks::reasoning_in::none:
                losses_.dropped("reasoning", "the vendor has no such setting");
                return;
            case quirks::reasoning_in::effort:
                if (off && wish.effort.empty()) {  // "none" is refused by most models
                    losses_.dropped("reasoning", "the vendor cannot switch it off");
                } else if (const auto effort = effort_for(wish); !effort.empty()) {
                    out_.text("reasoning_effort", effort);
                    if (wish.effort.empty()) {
                        losses_.emulated("reasoning.budget_tokens", "as an effort");
                    }
                }
                return;
            case quirks::reasoning_in::object:
                out_.object("reasoning");
                if (wish.budget_tokens && !off) {
                    out_.integer("max_tokens", *wish.budget_tokens);
                } else if (!wish.effort.empty()) {
                    out_.text("effort", wish.effort);
                } else {
                    out_.boolean("enabled", !off);
                }
                if (wish.include) {
                    out_.boolean("exclude", !*wish.include);
                }
                if (!wish.summary.empty()) {
                    out_.text("summary", wish.summary);
                }
                out_.end_object();
                return;
            case quirks::reasoning_in::thinking:
                out_.object("thinking").text("type", off ? "disabled" : "enabled").end_object();
                if (!off && !wish.effort.empty()) {
                    out_.text("reasoning_effort", wish.effort);
                }
                return;
            case quirks::reasoning_in::enable:
                out_.boolean("enable_thinking", !off);
                if (!off && wish.budget_tokens) {
                    out_.integer("thinking_budget", *wish.budget_tokens);
                }
                return;
        }
    }

    void format() {
        using kind = chat::response_format::kind;
        if (!r_.format) {
            return;
        }
        out_.object("response_format");
        const auto& format = *r_.format;
        switch (format.what) {
            case kind::text:
                out_.text("type", "text");
                break;
            case kind::json_object:
                out_.text("type", "json_object");
                break;
            case kind::json_schema:
                if (!target_.how.json_schema) {
                    out_.text("type", "json_object");
                    instruction_ = true;
                    losses_.emulated("format.schema", "as an instruction");
                    break;
                }
                out_.text("type", "json_schema").object("json_schema");
                out_.text("name", format.name.empty() ? "response" : format.name);
                if (!format.description.empty()) {
                    out_.text("description", format.description);
                }
                out_.raw("schema", format.schema.empty() ? "{}" : format.schema);
                if (format.strict) {
                    out_.boolean("strict", *format.strict);
                }
                own(format.other, "format");
                out_.end_object();
                break;
        }
        out_.end_object();
    }

    // The word JSON must stand in it: vendors with json_object alone refuse to go on without.
    void schema_instruction() {
        std::string said =
            "Answer with a JSON object and nothing else. It must match this JSON Schema:\n";
        said += r_.format->schema;
        out_.begin_object().text("role", "system").text("content", said).end_object();
    }

    void own(const chat::extras& other, const std::string& path) {
        for (const auto& each : other.members) {
            if (other.from == self) {
                out_.raw(each.key, each.raw);
            } else {
                losses_.dropped(path + '.' + each.key, "unknown to chat completions");
            }
        }
    }

    void tools() {
        bool any = false;
        for (std::size_t i = 0; i != r_.tools.size(); ++i) {
            const auto& tool = r_.tools[i];
            const auto path = "tools[" + std::to_string(i) + "]";
            if (tool.what == chat::tool::kind::native && tool.from != self) {
                losses_.dropped(path, "a tool that only its own vendor has");
                continue;
            }
            if (!any) {
                any = true;
                out_.array("tools");
            }
            write_tool(tool, path);
        }
        if (!any) {
            return;  // a choice without tools is refused
        }
        out_.end_array();
        choice();
        if (r_.parallel_tools) {
            out_.boolean("parallel_tool_calls", *r_.parallel_tools);
        }
    }

    void write_tool(const chat::tool& tool, const std::string& path) {
        if (tool.what == chat::tool::kind::native) {
            out_.raw(tool.raw);
            return;
        }
        const bool custom = tool.what == chat::tool::kind::custom;
        const std::string_view kind = custom ? "custom" : "function";
        out_.begin_object().text("type", kind).object(kind);
        out_.text("name", names_.outward(tool.name));
        if (!tool.description.empty()) {
            out_.text("description", tool.description);
        }
        if (!tool.schema.empty()) {
            out_.raw("parameters", tool.schema);
        }
        if (!tool.grammar.empty()) {
            out_.raw("format", tool.grammar);
        }
        if (tool.strict && target_.how.strict_tools) {
            out_.boolean("strict", *tool.strict);
        } else if (tool.strict == true) {
            losses_.dropped(path + ".strict", "the vendor does not know it");
        }
        own(tool.other, path);
        out_.end_object();
        if (tool.cache && target_.how.cache_marks) {
            out_.object("cache_control").text("type", "ephemeral");
            if (!tool.cache->ttl.empty()) {
                out_.text("ttl", tool.cache->ttl);
            }
            out_.end_object();
        } else if (tool.cache) {
            losses_.dropped(path + ".cache", "the vendor caches by itself");
        }
        out_.end_object();
    }

    std::string_view kind_of(std::string_view name) const {
        const auto at = std::find_if(
            r_.tools.begin(), r_.tools.end(), [&](const auto& tool) { return tool.name == name; });
        return at != r_.tools.end() && at->what == chat::tool::kind::custom ? "custom" : "function";
    }

    void named(std::string_view name) {
        const auto kind = kind_of(name);
        out_.begin_object().text("type", kind).object(kind);
        out_.text("name", names_.outward(name)).end_object().end_object();
    }

    void choice() {
        using mode = chat::tool_choice::mode;
        if (!r_.tool_choice) {
            return;
        }
        const auto& choice = *r_.tool_choice;
        if (!choice.native.empty()) {
            if (choice.from == self) {
                out_.raw("tool_choice", choice.native);
            } else {
                losses_.dropped("tool_choice", "a choice that only its own vendor has");
            }
            return;
        }
        out_.key("tool_choice");
        switch (choice.how) {
            case mode::automatic:
                out_.text("auto");
                break;
            case mode::none:
                out_.text("none");
                break;
            case mode::required:
                out_.text("required");
                break;
            case mode::named:
                named(choice.names.empty() ? std::string_view() : choice.names.front());
                break;
            case mode::allowed:
                out_.begin_object().text("type", "allowed_tools").object("allowed_tools");
                out_.text("mode", choice.required ? "required" : "auto").array("tools");
                for (const auto& name : choice.names) {
                    named(name);
                }
                out_.end_array().end_object().end_object();
                break;
        }
    }

    static constexpr std::size_t stops_max = 4;

    json::writer out_;
    const chat::request& r_;
    const chat::target_facts& target_;
    chat::name_map& names_;
    chat::loss_report& losses_;
    bool instruction_ = false;
};

}  // namespace

result<chat::encoded_request> openai_chat_codec::encode_request(const chat::request& r,
                                                                const chat::target_facts& target,
                                                                chat::loss_report& losses) const {
    chat::encoded_request out;
    out.path = "/chat/completions";
    body_writer body(out.body, r, target, out.undo.names, losses);
    if (auto wrote = body.write(); !wrote) {
        return wrote.error();
    }
    return out;
}

}  // namespace gaia::providers
