#pragma once

#include <memory>

#include "core/relay/upstream_call.hpp"

namespace gaia::app {

// The built-in vendor `echo` as an upstream: plays an echo_script on the caller's I/O thread, with
// its pauses. Same pipeline as any other upstream from there on.
std::unique_ptr<relay::upstream_call> make_echo_call(net::io_thread& thread,
                                                     const policy::provider& at,
                                                     gaia::request_id id);

}  // namespace gaia::app
