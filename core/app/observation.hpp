#pragma once

#include <string_view>

#include "core/net/server.hpp"
#include "core/observe/metrics.hpp"
#include "core/policy/usage_ledger.hpp"

namespace gaia::relay {
class relay;
}
namespace gaia::store {
class store;
}

// Joins the services to the metrics.
namespace gaia::app {

observe::request_sample sample_of(const policy::usage_settle& row);
// The log's line of an exchange that the relay does not log itself. Health checks and pages are for
// those who look closely; refusals are for everybody, within reason.
void log_exchange(const net::server_hooks::exchange_end& end, std::string_view route);
// Gauges that are read at a scrape. The services must outlive the registry's last scrape.
void add_metric_sources(observe::metrics& into,
                        const store::store& kept,
                        const relay::relay& relayed,
                        const net::server& server);

}  // namespace gaia::app
