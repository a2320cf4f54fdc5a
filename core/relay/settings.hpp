#pragma once

#include <chrono>
#include <cstddef>

#include "core/chat/dialect.hpp"

namespace gaia::relay {

// server.limits.* and server.timeouts.* that concern one relayed request.
struct settings {
    chat::request_limits request;                   // json_depth, json_number_digits, choices
    std::size_t upstream_event = 16 * 1024 * 1024;  // bytes
    std::size_t upstream_body = 64 * 1024 * 1024;   // bytes of a whole answer
    std::size_t streams_per_key = 100;              // keys with admin permission are exempt
    std::chrono::milliseconds heartbeat{15'000};
};

}  // namespace gaia::relay
