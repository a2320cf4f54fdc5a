#pragma once

#include <string>
#include <string_view>

#include "core/chat/usage.hpp"

// The usage object of OpenAI's format, read the same way from a whole answer and from a chunk.
namespace gaia::providers {

struct usage_reading {
    chat::usage usage;  // usage.clamped: something had to be dropped or cut to size
    bool nonsense =
        false;  // a member is no plausible number, so the object must not reach a client
                // as it is (kept apart from numbers that merely contradict each other)
};

// `raw` is a validated value of any kind. null gives unknown usage and no flag.
usage_reading read_usage(std::string_view raw);

// The object with nonsense counts as 0 and total_tokens recomputed; everything else as it was
// written. null when `raw` is no object.
std::string cleaned_usage(std::string_view raw);

}  // namespace gaia::providers
