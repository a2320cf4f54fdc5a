#pragma once

#include "core/observe/metrics.hpp"
#include "core/policy/usage_ledger.hpp"

namespace gaia::net {
class server;
}
namespace gaia::relay {
class relay;
}
namespace gaia::store {
class store;
}

// Joins the services to the metrics.
namespace gaia::app {

observe::request_sample sample_of(const policy::usage_settle& row);
// Gauges that are read at a scrape. The services must outlive the registry's last scrape.
void add_metric_sources(observe::metrics& into,
                        const store::store& kept,
                        const relay::relay& relayed,
                        const net::server& server);

}  // namespace gaia::app
