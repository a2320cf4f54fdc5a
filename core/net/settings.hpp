#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What an operator may set of the HTTP server. Defaults are those of the documented tables; each
// field is the setting server.<name>, server.limits.<name> or server.timeouts.<name>.
namespace gaia::net {

struct limits {
    std::size_t request_line = 8 * 1024;          // bytes; 414
    std::size_t request_head = 32 * 1024;         // bytes; 431
    std::size_t request_headers = 100;            // count; 431
    std::size_t request_body = 10 * 1024 * 1024;  // bytes; 413
    std::size_t chunk_extensions = 4 * 1024;      // bytes of one body; 400
    std::size_t trailers = 4 * 1024;              // bytes; 400
    std::size_t upstream_head = 64 * 1024;        // bytes; 502
    std::size_t connections = 10'000;             // 503
    std::size_t connections_per_address = 200;    // closed; loopback addresses are exempt
    std::size_t requests_per_connection = 1'000;
};

struct timeouts {
    std::chrono::milliseconds tls_handshake{10'000};
    std::chrono::milliseconds request_head{10'000};  // total, not reset by each byte
    std::chrono::milliseconds request_body{60'000};  // total, and at least 1 KiB/s after 10 s
    std::chrono::milliseconds idle{75'000};          // kept connection, closed without an answer
    std::chrono::milliseconds write{60'000};         // to a client without progress
    std::chrono::milliseconds drain{30'000};         // at shutdown
};

struct tls_files {
    std::string certificate;  // PEM chain; empty: plain HTTP
    std::string key;
};

struct settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8000;
    unsigned threads = 0;  // 0: one per core
    tls_files tls;
    std::vector<std::string> cors_origins;     // "*" or exact origins; empty: no CORS
    std::vector<std::string> trusted_proxies;  // addresses or CIDR ranges
    std::vector<std::string>
        hosts;  // names this server answers for besides localhost and addresses;
                // a loopback listener refuses any other Host with 421
    net::limits limits;
    net::timeouts timeouts;
};

}  // namespace gaia::net
