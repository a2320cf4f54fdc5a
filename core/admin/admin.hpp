#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/net/routes.hpp"
#include "core/observe/metrics.hpp"
#include "core/policy/snapshot.hpp"

namespace gaia::store {
class store;
}

// Everything the server answers besides model calls: health, models, metrics, keys, pages.
namespace gaia::admin {

// What the handlers need of the rest of the process. All must outlive the server.
struct services {
    store::store& kept;
    observe::metrics& metrics;
    std::function<std::shared_ptr<const policy::snapshot>(unsigned thread)> snapshot_of;
    std::function<bool()> ready;  // false while draining, or while usage cannot be written
    // Puts a key that was made or changed into the snapshot. Blocks neither; any thread.
    std::function<void(policy::key_record)> key_changed;
};

void add_health_routes(net::routes& table, services& around);
void add_model_routes(net::routes& table, services& around);
void add_metrics_route(net::routes& table, services& around);
void add_key_routes(net::routes& table, services& around);
void add_pages(net::routes& table);

// The key of the request when it has one of the permissions, after answering with the error when it
// has not: nullptr then. The operator's control socket needs no key and is not asked here.
net::awaitable<const policy::key_record*> require_key(net::exchange& ex,
                                                      const policy::snapshot& known,
                                                      unsigned any_of);

}  // namespace gaia::admin
