#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/net/address.hpp"
#include "core/net/types.hpp"

namespace gaia::net {

// Names to addresses, off the event loops: getaddrinfo runs on a few threads of its own, answers
// are kept for half a minute and shared, one look-up per name at a time. Shared by all I/O threads;
// must outlive their work. A name that hangs occupies one of its threads and delays no cached name.
class resolver {
public:
    static constexpr std::chrono::seconds keep{30};  // getaddrinfo tells no TTL
    static constexpr std::chrono::seconds keep_failure{1};
    static constexpr std::chrono::seconds keep_stale{300};  // served while a refresh fails

    resolver();
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    using addresses = std::shared_ptr<const std::vector<ip_address>>;

    // One waiting coroutine. The owner may cancel() it: wait() then returns with no addresses.
    class lookup {
    public:
        lookup(resolver& r, io_executor executor);
        ~lookup();
        lookup(const lookup&) = delete;
        lookup& operator=(const lookup&) = delete;

        // IPv6 and IPv4 interleaved. Null when the name does not resolve or was cancelled.
        awaitable<addresses> run(const std::string& host);
        void cancel() noexcept;

    private:
        struct waiting;
        resolver& resolver_;
        std::shared_ptr<waiting> waiting_;
        friend class resolver;
    };

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace gaia::net
