#pragma once

#include <string>

#include "core/chat/response.hpp"

// What of an answer must survive any conversion, in words that two answers can be compared by:
// the texts, the thoughts, the refusals, the calls, why it ended and what it used.
std::string essence_of(const gaia::chat::response& answer);
