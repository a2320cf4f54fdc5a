#include <cstdlib>
#include <string>

#include "providers/echo/echo.hpp"

// Property: any body is answered or refused as the client's fault, and every script comes to an
// end.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    auto script = gaia::providers::echo_script::make(body, {}, "req_1", 1);
    if (!script) {
        if (script.error().http_status() != 400) {
            std::abort();
        }
        return 0;
    }
    for (int steps = 0; steps < 50; ++steps) {
        if (!script->next()) {
            break;
        }
    }
    return 0;
}
