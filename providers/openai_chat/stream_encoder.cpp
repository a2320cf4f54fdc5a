#include "providers/openai_chat/stream_encoder.hpp"

#include <algorithm>

#include "providers/openai_chat/codec.hpp"
#include "providers/openai_chat/openai_chat.hpp"
#include "providers/openai_chat/words.hpp"

namespace gaia::providers {
namespace {

using chat::dialect_id;
using chat::on;
namespace events = chat::events;

}  // namespace

openai_stream_encoder::openai_stream_encoder(const chat::reply_facts& how) : how_(how) {}

void openai_stream_encoder::begin(std::string& out) const {
    out += head_;
}

void openai_stream_encoder::finish_chunk(std::string& out) const {
    out += how_.include_usage ? ",\"usage\":null}\n\n" : "}\n\n";
}

// A chunk with the delta that `write` fills.
template <class Write>
void openai_stream_encoder::chunk(std::string& out, std::uint32_t choice, Write write) {
    begin(out);
    out += R"(,"choices":[{"index":)";
    out += std::to_string(choice);
    out += R"(,"delta":)";
    json::writer delta(out);
    delta.begin_object();
    write(delta);
    delta.end_object();
    out += R"(,"logprobs":null,"finish_reason":null}])";
    finish_chunk(out);
}

template <class Write>
void openai_stream_encoder::call_chunk(std::string& out,
                                       std::uint32_t choice,
                                       std::size_t index,
                                       Write write) {
    chunk(out, choice, [&](json::writer& delta) {
        delta.array("tool_calls").begin_object();
        delta.integer("index", static_cast<std::int64_t>(index));
        write(delta);
        delta.end_object().end_array();
    });
}

openai_stream_encoder::choice_state& openai_stream_encoder::greet(std::uint32_t choice,
                                                                  std::string& out) {
    if (choices_.size() <= choice) {
        choices_.resize(choice + 1);
    }
    if (!choices_[choice].greeted) {
        choices_[choice].greeted = true;
        chunk(out, choice, [](json::writer& delta) {
            delta.text("role", "assistant").text("content", "");
        });
    }
    return choices_[choice];
}

std::uint32_t openai_stream_encoder::detail_index(choice_state& state, std::uint32_t part) {
    for (const auto& [known, index] : state.details) {
        if (known == part) {
            return index;
        }
    }
    state.details.emplace_back(part, state.thoughts);
    return state.thoughts++;
}

void openai_stream_encoder::signature(const events::reasoning_signature& v, std::string& out) {
    auto& state = greet(v.choice, out);
    for (std::size_t i = 0; i != state.calls.size(); ++i) {
        if (state.calls[i].part == v.part) {
            if (v.from == dialect_id::gemini) {
                call_chunk(out, v.choice, i, [&](json::writer& call) {
                    write_google_signature(call, v.data);
                });
            }
            return;
        }
    }
    const auto known = std::find_if(state.details.begin(), state.details.end(), [&](const auto& d) {
        return d.first == v.part;
    });
    if (known == state.details.end() && !v.encrypted) {  // of a text
        if (v.from == dialect_id::gemini) {
            chunk(
                out, v.choice, [&](json::writer& delta) { write_google_signature(delta, v.data); });
        }
        return;
    }
    reasoning_detail detail;
    detail.from = v.from;
    detail.index = detail_index(state, v.part);
    detail.what = v.encrypted ? reasoning_detail::kind::encrypted : reasoning_detail::kind::text;
    (v.encrypted ? detail.text : detail.signature) = v.data;
    chunk(out, v.choice, [&](json::writer& delta) {
        delta.array("reasoning_details");
        write_detail(delta, detail);
        delta.end_array();
    });
}

void openai_stream_encoder::whole(const events::whole_part& v, std::string& out) {
    auto& state = greet(v.choice, out);
    if (const auto* image = v.value.as<chat::image_part>()) {
        chunk(out, v.choice, [&](json::writer& delta) {
            delta.array("images");
            write_image(delta, *image);
            delta.end_array();
        });
    } else if (v.value.as<chat::reasoning_part>() != nullptr) {
        const auto index = detail_index(state, v.part);
        chunk(out, v.choice, [&](json::writer& delta) {
            delta.array("reasoning_details");
            for (const auto& detail : details_of(v.value, index)) {
                write_detail(delta, detail);
            }
            delta.end_array();
        });
    }
    // A native block means nothing to a client of this dialect.
}

void openai_stream_encoder::end(std::string& out) {
    if (how_.include_usage && usage_.known()) {
        begin(out);
        out += R"(,"choices":[],"usage":)";
        json::writer written(out);
        write_usage(written, usage_);
        out += "}\n\n";
    }
    out += "data: [DONE]\n\n";
}

void openai_stream_encoder::encode(const chat::event& e, std::string& out) {
    std::visit(
        on{
            [&](const events::start& v) {
                head_ = "data: ";
                json::writer head(head_);
                head.begin_object().text("id", how_.id.empty() ? v.id : "chatcmpl-" + how_.id);
                head.text("object", "chat.completion.chunk");
                head.integer("created", v.created.value_or(how_.created));
                head.text("model", how_.model.empty() ? v.model : how_.model);
                if (!v.service_tier.empty()) {
                    head.text("service_tier", v.service_tier);
                }
                if (!v.system_fingerprint.empty()) {
                    head.text("system_fingerprint", v.system_fingerprint);
                }
                greet(0, out);
            },
            [&](const events::part_start& v) {
                auto& state = greet(v.choice, out);
                if (v.kind == events::part_kind::reasoning) {
                    detail_index(state, v.part);
                } else if (v.kind == events::part_kind::audio && !v.id.empty()) {
                    chunk(out, v.choice, [&](json::writer& delta) {
                        delta.object("audio").text("id", v.id).end_object();
                    });
                }
            },
            [&](const events::text_delta& v) {
                chunk(out, v.choice, [&](json::writer& delta) { delta.text("content", v.text); });
            },
            [&](const events::reasoning_delta& v) {
                chunk(out, v.choice, [&](json::writer& delta) {
                    delta.text("reasoning_content", v.text);
                });
            },
            [&](const events::reasoning_signature& v) { signature(v, out); },
            [&](const events::tool_call_start& v) {
                auto& state = greet(v.choice, out);
                const bool custom = v.kind == chat::tool_call_part::kind::custom;
                state.calls.push_back({v.part, false, custom});
                call_chunk(out, v.choice, state.calls.size() - 1, [&](json::writer& call) {
                    const std::string_view kind = custom ? "custom" : "function";
                    call.text("id", v.id).text("type", kind).object(kind).text("name", v.name);
                    call.text(custom ? "input" : "arguments", "").end_object();
                });
            },
            [&](const events::tool_arguments_delta& v) {
                auto& calls = greet(v.choice, out).calls;
                for (std::size_t i = 0; i != calls.size(); ++i) {
                    if (calls[i].part != v.part) {
                        continue;
                    }
                    calls[i].spoke = true;
                    const bool custom = calls[i].custom;
                    call_chunk(out, v.choice, i, [&](json::writer& call) {
                        call.object(custom ? "custom" : "function");
                        call.text(custom ? "input" : "arguments", v.text).end_object();
                    });
                }
            },
            [&](const events::refusal_delta& v) {
                chunk(out, v.choice, [&](json::writer& delta) { delta.text("refusal", v.text); });
            },
            [&](const events::audio_delta& v) {
                chunk(out, v.choice, [&](json::writer& delta) {
                    delta.object("audio");
                    if (!v.data.empty()) {
                        delta.text("data", v.data);
                    }
                    if (!v.transcript.empty()) {
                        delta.text("transcript", v.transcript);
                    }
                    if (v.expires_at) {
                        delta.integer("expires_at", *v.expires_at);
                    }
                    delta.end_object();
                });
            },
            [&](const events::citation& v) {
                chunk(out, v.choice, [&](json::writer& delta) {
                    delta.array("annotations");
                    write_annotation(delta, v.value);
                    delta.end_array();
                });
            },
            [&](const events::whole_part& v) { whole(v, out); },
            [&](const events::part_end& v) {
                auto& calls = greet(v.choice, out).calls;
                for (std::size_t i = 0; i != calls.size(); ++i) {
                    if (calls[i].part == v.part && !calls[i].spoke && !calls[i].custom) {
                        call_chunk(out, v.choice, i, [](json::writer& call) {
                            call.object("function").text("arguments", "{}").end_object();
                        });
                    }
                }
            },
            [&](const events::logprobs& v) {
                greet(v.choice, out);
                begin(out);
                out += R"(,"choices":[{"index":)" + std::to_string(v.choice);
                out += R"(,"delta":{},"logprobs":)";
                json::writer said(out);
                said.begin_object().key(v.refusal ? "refusal" : "content");
                write_logprobs(said, v.tokens);
                said.null(v.refusal ? "content" : "refusal").end_object();
                out += R"(,"finish_reason":null}])";
                finish_chunk(out);
            },
            [&](const events::usage& v) { chat::update(usage_, v.value); },
            [&](const events::finish& v) {
                greet(v.choice, out);
                begin(out);
                out += R"(,"choices":[)";
                json::writer said(out);
                said.begin_object().integer("index", v.choice);
                said.object("delta").end_object().null("logprobs");
                write_finish(said, v.end);
                said.end_object();
                out += ']';
                finish_chunk(out);
            },
            [&](const events::end&) { end(out); },
            [&](const events::error& v) {
                out += openai_chat().render_stream_error(v.what, how_.id);
            },
            [&](const events::ping&) { out += openai_chat().heartbeat(); },
        },
        e);
}

std::unique_ptr<chat::stream_encoder> openai_chat_codec::encode_stream(
    const chat::reply_facts& how) const {
    return std::make_unique<openai_stream_encoder>(how);
}

}  // namespace gaia::providers
