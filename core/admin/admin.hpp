#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/routes.hpp"
#include "core/observe/metrics.hpp"
#include "core/policy/snapshot.hpp"
#include "core/store/providers.hpp"

namespace gaia::store {
class store;
}

// Everything the server answers besides model calls: health, models, metrics, keys, pages.
namespace gaia::admin {

// A provider of the database with its opened credential: for the snapshot, never for an answer.
struct stored_provider {
    store::provider_record row;
    secret credential;
};

// What the handlers of providers ask of configuration and catalogue.
struct provider_rules {
    std::function<bool(std::string_view)> is_name;
    std::function<bool(std::string_view)> is_credential;
    // Whether a vendor has no address of its own; nullopt when it is not known.
    std::function<std::optional<bool>(std::string_view)> vendor_needs_address;
    // Takes the providers of the database as they are now into the snapshot. Any thread.
    std::function<void(std::vector<stored_provider>)> changed;
};

// What the handlers need of the rest of the process. All must outlive the server.
struct services {
    store::store& kept;
    observe::metrics& metrics;
    std::function<std::shared_ptr<const policy::snapshot>(unsigned thread)> snapshot_of;
    std::function<bool()> ready;  // false while draining, or while usage cannot be written
    // Puts a key that was made or changed into the snapshot. Blocks neither; any thread.
    std::function<void(policy::key_record)> key_changed;
    provider_rules providers;
};

void add_health_routes(net::routes& table, services& around);
void add_model_routes(net::routes& table, services& around);
void add_metrics_route(net::routes& table, services& around);
void add_key_routes(net::routes& table, services& around);
void add_provider_routes(net::routes& table, services& around);
void add_pages(net::routes& table);

result<std::vector<stored_provider>> load_stored_providers(store::database& db,
                                                           const store::vault& vault);

// The key of the request when it has one of the permissions, after answering with the error when it
// has not: nullptr then. The operator's control socket needs no key and is not asked here.
net::awaitable<const policy::key_record*> require_key(net::exchange& ex,
                                                      const policy::snapshot& known,
                                                      unsigned any_of);

// Administration: through the control socket, or with a key that may administer. false after the
// error was answered.
net::awaitable<bool> require_admin(net::exchange& ex, const services& around);

}  // namespace gaia::admin
