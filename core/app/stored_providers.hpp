#pragma once

#include <optional>

#include "core/admin/admin.hpp"
#include "core/app/config.hpp"

namespace gaia::app {

// A provider of the database as the router knows it: only public addresses are dialled for it.
// nullopt when it is disabled, its vendor is gone, or a configured provider has taken its name.
std::optional<policy::provider> make_stored_provider(const admin::stored_provider& from,
                                                     const configuration& config,
                                                     const vendor_port& vendors);

}  // namespace gaia::app
