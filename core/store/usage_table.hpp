#pragma once

#include "core/store/database.hpp"
#include "core/store/ledger_record.hpp"
#include "core/store/names.hpp"

namespace gaia::store {

// Writes usage rows. Belongs to the writer; inside a write transaction.
class usage_table {
public:
    usage_table(database& db, names& dictionary);

    // A row that is there already stays as it is: a replay is harmless.
    void insert(const settled_row& row);
    // The row of a request whose end never came: status 0, the estimate as a lower bound, no cost.
    void insert_interrupted(const policy::usage_begin& begun);

private:
    names& names_;
    statement insert_;
};

}  // namespace gaia::store
