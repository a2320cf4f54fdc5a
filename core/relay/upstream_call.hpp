#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/net/exchange.hpp"
#include "core/net/http_call.hpp"
#include "core/policy/snapshot.hpp"

namespace gaia::relay {

// What an attempt asks of whatever answers it: a provider over HTTP, or one inside the process.
// Same contract as net::http_call.
class upstream_call {
public:
    virtual ~upstream_call() = default;
    virtual net::awaitable<result<void>> send(std::string_view head,
                                              std::span<const std::string_view> body) = 0;
    virtual net::awaitable<result<net::call_answer>> read_head() = 0;
    virtual net::awaitable<result<std::string_view>> read_some() = 0;
    virtual std::string_view read_buffered() = 0;
    virtual net::awaitable<void> finish() = 0;
    virtual void abort(errc why) noexcept = 0;
    virtual bool ended() const noexcept = 0;
    virtual bool failed_stale() const noexcept = 0;
    virtual bool accepted() const noexcept = 0;
    virtual bool sent() const noexcept = 0;
};

std::unique_ptr<upstream_call> make_http_call(net::io_thread& thread, const policy::provider& at);

// Makes the call of a provider that is built into the gateway (echo).
using builtin_call_maker = std::function<std::unique_ptr<upstream_call>(
    net::io_thread& thread, const policy::provider& at, gaia::request_id id)>;

// The head of the upstream's request. Of the client's headers only a few harmless ones are passed
// on; credentials, cookies, hop-by-hop and forwarding headers never are.
std::string compose_upstream_head(const policy::provider& at,
                                  std::string_view endpoint,
                                  const net::exchange& ex,
                                  bool stream,
                                  std::size_t body_size);

}  // namespace gaia::relay
