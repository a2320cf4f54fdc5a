#include "core/chat/fold.hpp"

namespace gaia::chat {
namespace {

void prefer(std::optional<std::int64_t>& known, const std::optional<std::int64_t>& more) noexcept {
    if (more) {
        known = more;
    }
}

}  // namespace

void update(usage& known, const usage& more) noexcept {
    prefer(known.prompt, more.prompt);
    prefer(known.completion, more.completion);
    prefer(known.cache_read, more.cache_read);
    prefer(known.cache_write, more.cache_write);
    prefer(known.reasoning, more.reasoning);
    prefer(known.audio_in, more.audio_in);
    prefer(known.audio_out, more.audio_out);
    prefer(known.cache_write_1h, more.cache_write_1h);
    prefer(known.image_in, more.image_in);
    prefer(known.image_out, more.image_out);
    prefer(known.searches, more.searches);
    if (more.reported_cost) {
        known.reported_cost = more.reported_cost;
    }
    known.clamped = known.clamped || more.clamped;
}

std::string_view name_of(finish_reason why) noexcept {
    switch (why) {
        case finish_reason::stop:
            return "stop";
        case finish_reason::stop_sequence:
            return "stop_sequence";
        case finish_reason::length:
            return "length";
        case finish_reason::context_full:
            return "context_full";
        case finish_reason::tool_calls:
            return "tool_calls";
        case finish_reason::content_filter:
            return "content_filter";
        case finish_reason::refusal:
            return "refusal";
        case finish_reason::pause:
            return "pause";
        case finish_reason::other:
            return "other";
    }
    return "other";
}

choice& fold::at(std::uint32_t index) {
    if (value_.choices.size() <= index) {
        value_.choices.resize(index + 1);
    }
    return value_.choices[index];
}

part& fold::at(std::uint32_t choice, std::uint32_t index) {
    auto& parts = at(choice).parts;
    if (parts.size() <= index) {
        parts.resize(index + 1);
    }
    return parts[index];
}

void fold::feed(event e) {
    std::visit(on{
                   [&](events::start& v) {
                       value_.id = std::move(v.id);
                       value_.model = std::move(v.model);
                       value_.created = v.created;
                       value_.service_tier = std::move(v.service_tier);
                       value_.system_fingerprint = std::move(v.system_fingerprint);
                   },
                   [&](events::part_start& v) {
                       auto& into = at(v.choice, v.part).body;
                       switch (v.kind) {
                           case events::part_kind::text:
                               into = text_part{};
                               break;
                           case events::part_kind::reasoning: {
                               reasoning_part thought;
                               thought.id = std::move(v.id);
                               thought.format = std::move(v.format);
                               thought.from = v.from;
                               into = std::move(thought);
                               break;
                           }
                           case events::part_kind::refusal:
                               into = refusal_part{};
                               break;
                           case events::part_kind::audio: {
                               audio_part audio;
                               audio.id = std::move(v.id);
                               into = std::move(audio);
                               break;
                           }
                       }
                   },
                   [&](events::text_delta& v) {
                       if (auto* text = at(v.choice, v.part).as<text_part>()) {
                           text->text += v.text;
                       }
                   },
                   [&](events::reasoning_delta& v) {
                       auto* thought = at(v.choice, v.part).as<reasoning_part>();
                       if (thought == nullptr) {
                           return;
                       }
                       if (!v.summary) {
                           thought->text += v.text;
                           return;
                       }
                       if (thought->summary.size() <= *v.summary) {
                           thought->summary.resize(*v.summary + 1);
                       }
                       thought->summary[*v.summary] += v.text;
                   },
                   [&](events::reasoning_signature& v) {
                       auto& into = at(v.choice, v.part);
                       auto* thought = into.as<reasoning_part>();
                       if (v.encrypted && thought != nullptr) {
                           thought->encrypted += v.data;
                           thought->from = v.from;
                           return;
                       }
                       if (!into.signature) {
                           into.signature = signature{{}, v.from};
                       }
                       into.signature->data += v.data;
                   },
                   [&](events::tool_call_start& v) {
                       at(v.choice, v.part).body =
                           tool_call_part{v.kind, std::move(v.id), std::move(v.name), {}};
                   },
                   [&](events::tool_arguments_delta& v) {
                       if (auto* call = at(v.choice, v.part).as<tool_call_part>()) {
                           call->arguments += v.text;
                       }
                   },
                   [&](events::refusal_delta& v) {
                       if (auto* refusal = at(v.choice, v.part).as<refusal_part>()) {
                           refusal->text += v.text;
                       }
                   },
                   [&](events::audio_delta& v) {
                       if (auto* audio = at(v.choice, v.part).as<audio_part>()) {
                           audio->source.data += v.data;
                           audio->transcript += v.transcript;
                           if (!v.format.empty()) {
                               audio->format = std::move(v.format);
                           }
                           if (v.expires_at) {
                               audio->expires_at = v.expires_at;
                           }
                       }
                   },
                   [&](events::citation& v) {
                       if (auto* text = at(v.choice, v.part).as<text_part>()) {
                           text->citations.push_back(std::move(v.value));
                       }
                   },
                   [&](events::whole_part& v) { at(v.choice, v.part) = std::move(v.value); },
                   [](events::part_end&) {},
                   [&](events::logprobs& v) {
                       auto& of = at(v.choice);
                       auto& into = v.refusal ? of.refusal_logprobs : of.logprobs;
                       for (auto& token : v.tokens) {
                           into.push_back(std::move(token));
                       }
                   },
                   [&](events::usage& v) { update(value_.usage, v.value); },
                   [&](events::finish& v) { at(v.choice).end = std::move(v.end); },
                   [&](events::end& v) {
                       if (!v.service_tier.empty()) {
                           value_.service_tier = std::move(v.service_tier);
                       }
                       ended_ = true;
                   },
                   [&](events::error& v) { error_ = std::move(v.what); },
                   [](events::ping&) {},
               },
               e);
}

namespace {

void tell_signature(event_list& out, std::uint32_t choice, std::uint32_t index, const part& p) {
    if (p.signature) {
        out.emplace_back(events::reasoning_signature{
            choice, index, p.signature->data, p.signature->from, false});
    }
}

void tell(event_list& out, std::uint32_t choice, std::uint32_t index, const part& p) {
    using events::part_kind;
    const auto begin = [&](part_kind kind, std::string id = {}) {
        out.emplace_back(events::part_start{choice, index, kind, std::move(id), {}, {}});
    };
    if (const auto* text = p.as<text_part>()) {
        begin(part_kind::text);
        if (!text->text.empty()) {
            out.emplace_back(events::text_delta{choice, index, text->text});
        }
        for (const auto& each : text->citations) {
            out.emplace_back(events::citation{choice, index, each});
        }
    } else if (const auto* thought = p.as<reasoning_part>()) {
        out.emplace_back(events::part_start{
            choice, index, part_kind::reasoning, thought->id, thought->format, thought->from});
        if (!thought->text.empty()) {
            out.emplace_back(events::reasoning_delta{choice, index, thought->text, std::nullopt});
        }
        for (std::size_t i = 0; i != thought->summary.size(); ++i) {
            out.emplace_back(events::reasoning_delta{
                choice, index, thought->summary[i], static_cast<std::uint32_t>(i)});
        }
        if (!thought->encrypted.empty()) {
            out.emplace_back(events::reasoning_signature{
                choice, index, thought->encrypted, thought->from, true});
        }
    } else if (const auto* refusal = p.as<refusal_part>()) {
        begin(part_kind::refusal);
        out.emplace_back(events::refusal_delta{choice, index, refusal->text});
    } else if (const auto* audio = p.as<audio_part>();
               audio != nullptr && audio->source.at == media::kind::base64) {
        begin(part_kind::audio, audio->id);
        out.emplace_back(events::audio_delta{choice,
                                             index,
                                             audio->source.data,
                                             audio->transcript,
                                             audio->format,
                                             audio->expires_at});
    } else if (const auto* call = p.as<tool_call_part>()) {
        out.emplace_back(events::tool_call_start{choice, index, call->id, call->name, call->what});
        if (!call->arguments.empty()) {
            out.emplace_back(events::tool_arguments_delta{choice, index, call->arguments});
        }
    } else {
        out.emplace_back(events::whole_part{choice, index, p});
        return;
    }
    tell_signature(out, choice, index, p);
    out.emplace_back(events::part_end{choice, index});
}

}  // namespace

event_list unfold(const response& answer) {
    event_list out;
    out.emplace_back(events::start{
        answer.id, answer.model, answer.created, answer.service_tier, answer.system_fingerprint});
    for (std::uint32_t c = 0; c != answer.choices.size(); ++c) {
        const auto& choice = answer.choices[c];
        for (std::uint32_t i = 0; i != choice.parts.size(); ++i) {
            tell(out, c, i, choice.parts[i]);
        }
        if (!choice.logprobs.empty()) {
            out.emplace_back(events::logprobs{c, false, choice.logprobs});
        }
        if (!choice.refusal_logprobs.empty()) {
            out.emplace_back(events::logprobs{c, true, choice.refusal_logprobs});
        }
        out.emplace_back(events::finish{c, choice.end});
    }
    if (answer.usage.known() || answer.usage.reported_cost) {
        out.emplace_back(events::usage{answer.usage});
    }
    out.emplace_back(events::end{});
    return out;
}

}  // namespace gaia::chat
