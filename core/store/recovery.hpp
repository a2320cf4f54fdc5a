#pragma once

#include <cstdint>
#include <string>

#include "core/store/database.hpp"

namespace gaia::store {

struct recovery_report {
    std::size_t segments = 0;
    std::size_t settled = 0;        // found settled; in the database afterwards
    std::size_t interrupted = 0;    // begun and never settled
    std::size_t damaged = 0;        // places that could not be read
    std::uint64_t next_number = 1;  // larger than that of any segment there was
};

// At the start, before the ledger: what the last process left in its segments becomes rows, then
// the segments are removed. Each request once, also when this is itself killed and runs again.
// Throws database_error or std::system_error.
recovery_report recover(database& db, const std::string& folder);

}  // namespace gaia::store
