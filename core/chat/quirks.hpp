#pragma once

#include <cstdint>

namespace gaia::chat {

// How a vendor's flavour of a dialect differs. A row of the vendor catalogue fills this.
struct quirks {
    bool stream_options = true;         // understands stream_options.include_usage
    bool max_completion_tokens = true;  // false: rename to max_tokens

    // What follows matters to converted requests only.
    bool developer_role = true;      // false: developer turns become system turns
    bool tool_images = false;        // takes images in tool results
    bool json_schema = true;         // false: json_object and an instruction
    bool strict_tools = true;        // takes `strict` in tools
    bool google_signatures = false;  // takes extra_content.google.thought_signature
    bool top_k = false;              // takes top_k, min_p and repetition_penalty
    bool cache_marks = false;        // honours cache_control on content parts
    // Where earlier reasoning goes in assistant messages.
    enum class reasoning_out : std::uint8_t { none, reasoning_content, reasoning, details };
    reasoning_out replay = reasoning_out::none;
    // How the wish to think is said.
    enum class reasoning_in : std::uint8_t {
        none,
        effort,    // reasoning_effort
        object,    // OpenRouter's reasoning{}
        thinking,  // thinking{type} and reasoning_effort: DeepSeek, Zhipu, Moonshot
        enable,    // enable_thinking and thinking_budget: DashScope, SiliconFlow
    };
    reasoning_in wish = reasoning_in::effort;
};

}  // namespace gaia::chat
