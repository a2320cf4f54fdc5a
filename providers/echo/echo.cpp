#include "providers/echo/echo.hpp"

#include <algorithm>

#include "core/chat/usage.hpp"
#include "core/json/peek.hpp"
#include "providers/echo/request.hpp"

namespace gaia::providers {
namespace {

using std::chrono::milliseconds;

// A whole answer is one string: long words repeated often must not fill the memory.
constexpr std::size_t whole_bytes_max = 8 * 1024 * 1024;
constexpr std::string_view nothing_to_echo = "Hello! You sent no text to echo.";

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// Where each word begins; the spaces before it belong to it.
std::vector<std::uint32_t> split_words(std::string_view text) {
    std::vector<std::uint32_t> begins;
    bool in_word = false;
    std::size_t gap = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_space(text[i])) {
            if (in_word) {
                gap = i;
            }
            in_word = false;
        } else if (!in_word) {
            begins.push_back(static_cast<std::uint32_t>(begins.empty() ? 0 : gap));
            in_word = true;
        }
    }
    return begins;
}

std::string quoted(std::string_view text) {
    std::string out;
    json::append_quoted(out, text);
    return out;
}

}  // namespace

result<echo_script> echo_script::make(std::string_view request_body,
                                      const echo_settings& settings,
                                      std::string_view request_id,
                                      std::int64_t created) {
    auto read = read_echo_request(request_body);
    if (!read) {
        return std::move(read).error();
    }
    auto& request = *read;
    echo_script script;
    script.id_ = request_id;
    script.created_ = created;
    if (request.model != echo_model) {
        script.status_ = 404;
        script.error_body_ =
            R"({"error":{"message":"The model does not exist.","type":"invalid_request_error",)"
            R"("param":"model","code":"model_not_found"}})";
        return script;
    }
    script.stream_ = request.stream;
    script.include_usage_ = request.include_usage;
    script.choices_ = request.choices;
    script.prompt_tokens_ = request.prompt_tokens;
    script.text_ = std::move(request.text);
    script.words_ = split_words(script.text_);
    if (script.words_.empty()) {
        script.text_ = nothing_to_echo;
        script.words_ = split_words(script.text_);
    }
    const auto clamped = [](milliseconds given) {
        return std::clamp(given, milliseconds{0}, echo_delay_max);
    };
    script.first_delay_ = clamped(request.first_delay_ms ? milliseconds{*request.first_delay_ms}
                                                         : settings.first_delay);
    script.pace_ = clamped(request.delay_ms ? milliseconds{*request.delay_ms} : settings.pace);
    if (!request.tool_name.empty()) {
        script.tool_name_ = std::move(request.tool_name);
        script.tool_arguments_ = std::move(request.tool_arguments);
        script.tokens_ = chat::estimate_tokens(script.tool_arguments_) + 1;
        return script;
    }
    const auto natural = settings.words > 0 ? std::int64_t{settings.words}
                                            : static_cast<std::int64_t>(script.words_.size());
    auto tokens =
        std::min(request.tokens.value_or(request.chunks.value_or(natural)), echo_chunks_max);
    if (request.max_tokens && *request.max_tokens < tokens) {
        tokens = std::max<std::int64_t>(*request.max_tokens, 0);
        script.length_reached_ = true;
    }
    script.tokens_ = tokens;
    script.chunks_ = std::clamp<std::int64_t>(
        request.chunks.value_or(tokens), tokens > 0 ? 1 : 0, std::max<std::int64_t>(tokens, 0));
    return script;
}

std::optional<echo_script::step> echo_script::next() {
    switch (phase_) {
        case phase::first:
            if (!error_body_.empty()) {
                phase_ = phase::over;
                return step{milliseconds{0}, std::move(error_body_)};
            }
            if (!stream_) {
                phase_ = phase::over;
                const auto total = first_delay_ + pace_ * chunks_;
                return step{std::min(total, echo_delay_max), whole()};
            }
            phase_ = chunks_ > 0 ? phase::content : phase::last;
            return step{first_delay_, first_events()};
        case phase::content: {
            step out{pace_, chunk(R"({"content":)" + quoted(piece(at_chunk_)) + "}", {})};
            if (++at_chunk_ == chunks_) {
                phase_ = phase::last;
            }
            return out;
        }
        case phase::last:
            phase_ = phase::over;
            return step{pace_, last_events()};
        case phase::over:
            break;
    }
    return std::nullopt;
}

// The n-th word of an answer of any length: the text over and over.
std::string echo_script::word(std::int64_t n) const {
    const auto i = static_cast<std::size_t>(n) % words_.size();
    const auto end = i + 1 < words_.size() ? words_[i + 1] : text_.size();
    std::string out = text_.substr(words_[i], end - words_[i]);
    if (i == 0 && n > 0 && !out.empty() && !is_space(out.front())) {
        out.insert(out.begin(), ' ');
    }
    return out;
}

std::string echo_script::piece(std::int64_t chunk) const {
    std::string out;
    for (auto n = chunk * tokens_ / chunks_;
         n < (chunk + 1) * tokens_ / chunks_ && out.size() < whole_bytes_max;
         ++n) {
        out += word(n);
    }
    return out;
}

std::string echo_script::head(std::string_view object) const {
    return R"({"id":)" + quoted("chatcmpl-" + id_) + R"(,"object":")" + std::string(object) +
           R"(","created":)" + std::to_string(created_) + R"(,"model":")" +
           std::string(echo_model) + R"(",)";
}

// One event for each choice.
std::string echo_script::chunk(std::string_view delta, std::string_view finish_reason) const {
    std::string out;
    for (std::int64_t choice = 0; choice < choices_; ++choice) {
        out += "data: " + head("chat.completion.chunk") + R"("choices":[{"index":)" +
               std::to_string(choice) + R"(,"delta":)" + std::string(delta) +
               R"(,"finish_reason":)" + (finish_reason.empty() ? "null" : quoted(finish_reason)) +
               "}]" + (include_usage_ ? R"(,"usage":null)" : "") + "}\n\n";
    }
    return out;
}

std::string echo_script::first_events() const {
    if (tool_name_.empty()) {
        return chunk(R"({"role":"assistant","content":""})", {});
    }
    return chunk(R"({"role":"assistant","content":null,"tool_calls":)" + tool_calls(true) + "}",
                 {});
}

std::string echo_script::last_events() const {
    auto out = chunk("{}", finish_reason());
    if (include_usage_) {
        out += "data: " + head("chat.completion.chunk") + R"("choices":[],"usage":)" + usage() +
               "}\n\n";
    }
    return out + "data: [DONE]\n\n";
}

std::string echo_script::tool_calls(bool in_delta) const {
    return std::string("[{") + (in_delta ? R"("index":0,)" : "") + R"("id":)" +
           quoted("call_" + id_) + R"(,"type":"function","function":{"name":)" +
           quoted(tool_name_) + R"(,"arguments":)" + quoted(tool_arguments_) + "}}]";
}

std::string_view echo_script::finish_reason() const noexcept {
    if (!tool_name_.empty()) {
        return "tool_calls";
    }
    return length_reached_ ? "length" : "stop";
}

std::string echo_script::usage() const {
    const auto completion = tokens_ * choices_;
    return R"({"prompt_tokens":)" + std::to_string(prompt_tokens_) + R"(,"completion_tokens":)" +
           std::to_string(completion) + R"(,"total_tokens":)" +
           std::to_string(prompt_tokens_ + completion) + "}";
}

std::string echo_script::whole() const {
    std::string message = R"({"role":"assistant","content":)";
    if (tool_name_.empty()) {
        std::string text;
        for (std::int64_t i = 0; i < chunks_ && text.size() < whole_bytes_max; ++i) {
            text += piece(i);
        }
        message += quoted(text) + "}";
    } else {
        message += R"(null,"tool_calls":)" + tool_calls(false) + "}";
    }
    auto out = head("chat.completion") + R"("choices":[)";
    for (std::int64_t choice = 0; choice < choices_; ++choice) {
        out += (choice == 0 ? "" : ",");
        out += R"({"index":)" + std::to_string(choice) + R"(,"message":)" + message +
               R"(,"finish_reason":)" + quoted(finish_reason()) + "}";
    }
    return out + R"(],"usage":)" + usage() + "}";
}

}  // namespace gaia::providers
