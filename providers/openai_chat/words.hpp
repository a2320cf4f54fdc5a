#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/chat/request.hpp"
#include "core/chat/response.hpp"
#include "core/json/read.hpp"
#include "core/json/write.hpp"

// The small vocabulary that requests, whole answers and streams of the chat format share.
namespace gaia::providers {

// "" and "null" are no reasons and give nothing.
std::optional<chat::choice_end> read_finish(const json::value& raw);
std::string_view finish_word(chat::finish_reason why) noexcept;

// One entry of reasoning_details, OpenRouter's way of carrying state between turns.
struct reasoning_detail {
    enum class kind : std::uint8_t { text, summary, encrypted };
    kind what = kind::text;
    std::string text;  // or summary, or data
    std::string signature;
    std::string id;
    std::string format;
    std::int64_t index = 0;
    chat::dialect_id from = chat::dialect_id::none;  // who signed or encrypted
};
std::vector<reasoning_detail> read_details(const json::value& raw);
void write_detail(json::writer& out, const reasoning_detail& detail);
// The details that stand for one reasoning part, with `index`.
std::vector<reasoning_detail> details_of(const chat::part& p, std::int64_t index);
chat::dialect_id dialect_of_format(std::string_view format) noexcept;
std::string_view format_of_dialect(chat::dialect_id which) noexcept;

std::optional<chat::citation> read_annotation(const json::value& raw);
void write_annotation(json::writer& out, const chat::citation& c);

void read_logprobs(const json::value& list, std::vector<chat::token_logprob>& into);
void write_logprobs(json::writer& out, const std::vector<chat::token_logprob>& tokens);

void write_usage(json::writer& out, const chat::usage& u);

// Gemini's signature where Google's own chat endpoint puts it; empty when there is none.
std::string google_signature(const json::value& of);
void write_google_signature(json::writer& out, std::string_view data);

// What a user reads of a reasoning part: the thought, else the summaries.
std::string readable(const chat::reasoning_part& thought);

}  // namespace gaia::providers
