#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gaia::providers {

// What the echo vendor reads of a chat request.
struct echo_request {
    std::string model;
    std::string text;         // of the last message
    bool after_tool = false;  // the last message is a tool's result
    bool stream = false;
    bool include_usage = false;
    std::int64_t choices = 1;
    std::optional<std::int64_t> max_tokens;
    std::string tool_name;  // of the tool to call; empty when none is
    std::string tool_arguments;
    std::int64_t prompt_tokens = 0;
    // "echo" member
    std::optional<std::int64_t> chunks;
    std::optional<std::int64_t> tokens;
    std::optional<std::int64_t> delay_ms;
    std::optional<std::int64_t> first_delay_ms;
};

result<echo_request> read_echo_request(std::string_view body);

}  // namespace gaia::providers
