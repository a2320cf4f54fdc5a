#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/net/types.hpp"
#include "core/net/upstream_pool.hpp"
#include "core/net/watchdog.hpp"

namespace gaia::net {

class resolver;

// Everything one I/O thread owns: its event loop, its deadlines, its upstream connections. A client
// connection and its upstream call stay on one of these, so nothing in it is locked.
class io_thread {
public:
    io_thread(unsigned index, resolver& names, client_tls_source& tls);

    asio::io_context& context() noexcept { return context_; }
    io_executor executor() noexcept { return context_.get_executor(); }
    watchdog& dog() noexcept { return dog_; }
    upstream_pool& upstreams() noexcept { return upstreams_; }
    unsigned index() const noexcept { return index_; }
    // "Sun, 06 Nov 1994 08:49:37 GMT", made once a second.
    std::string_view http_date();

private:
    unsigned index_;
    asio::io_context context_{1};
    watchdog dog_;
    upstream_pool upstreams_;
    std::int64_t date_second_ = 0;
    std::string date_;
};

}  // namespace gaia::net
