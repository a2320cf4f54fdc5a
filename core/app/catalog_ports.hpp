#pragma once

#include "core/app/config.hpp"
#include "core/policy/snapshot.hpp"

// providers/catalog as the ports that configuration and routing look it up through.
namespace gaia::app {

vendor_port make_vendor_port();
policy::catalog_port make_catalog_port();

}  // namespace gaia::app
