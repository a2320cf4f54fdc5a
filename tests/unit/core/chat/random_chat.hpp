#pragma once

#include <random>

#include "core/chat/request.hpp"
#include "core/chat/response.hpp"

// Conversations and answers that nobody would think of, for tests of all dialects. The same seed
// gives the same one.
struct random_limits {
    gaia::chat::dialect_id from = gaia::chat::dialect_id::openai_chat;
    bool foreign = false;  // also what only some dialects can say: errors, native blocks, ttl, …
};

gaia::chat::request random_request(std::mt19937_64& random, const random_limits& limit = {});
gaia::chat::response random_response(std::mt19937_64& random, const random_limits& limit = {});
