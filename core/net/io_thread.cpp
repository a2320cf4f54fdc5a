#include "core/net/io_thread.hpp"

#include <ctime>

namespace gaia::net {

io_thread::io_thread(unsigned index, resolver& names, client_tls_source& tls)
    : index_(index),
      dog_(context_.get_executor()),
      upstreams_(context_.get_executor(), dog_, names, tls) {}

std::string_view io_thread::http_date() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != date_second_ || date_.empty()) {
        std::tm utc{};
        gmtime_r(&now.tv_sec, &utc);
        char text[64];
        // The C locale's names: no setlocale is called in this process.
        const auto size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        date_.assign(text, size);
        date_second_ = now.tv_sec;
    }
    return date_;
}

}  // namespace gaia::net
