#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

// What an upstream's error object says, in whichever of its known shapes, and what it means.
namespace gaia::providers {

struct error_words {
    std::string message;  // as written; not yet fit for a client
    std::string type;
    std::string param;
    std::string code;           // a numeric code stands in `status` as well
    std::optional<int> status;  // of a numeric code, status or status_code, 400 to 599
};

// Reads `raw`, a validated JSON value: {"error":{…}}, {"error":"…"}, {"object":"error",…} (vLLM),
// {"detail":…} (FastAPI), {"errors":[…]}, {"message":…}, [{…}] with one element, "…".
error_words read_error(std::string_view raw);

// The meaning of HTTP status `status` with these words. Texts of the upstream stay only where they
// speak about the client's request.
failure map_error(int status,
                  const error_words& words,
                  std::optional<std::chrono::milliseconds> retry_after);

// An error that came inside a 200, as an event or as a whole answer. Never a 2xx, never 401.
failure map_error_in_success(const error_words& words, bool under_way);

}  // namespace gaia::providers
