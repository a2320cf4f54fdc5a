#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/base/embedded.hpp"
#include "core/store/database.hpp"

// The schema's versions: the files of schema/migrations, append-only, each applied in one
// transaction that also raises PRAGMA user_version. A process that dies midway leaves the old or
// the new version.
namespace gaia::store {

// "gaia" in the file's header: tells our databases from others.
inline constexpr std::int64_t application_id = 0x67616961;

struct migration {
    int version = 0;  // the leading number of its name
    std::string_view name;
    std::string_view sql;
};

// The migrations of this build: versions 1, 2, 3 ... without a gap (else std::logic_error).
std::vector<migration> embedded_migrations();
std::vector<migration> order_migrations(std::span<const base::embedded_file> files);

// Throws std::runtime_error with a sentence for the operator when the file is damaged, is not ours,
// or has a newer schema than this build knows. Writes nothing.
void check_before_use(database& db, int newest_version);
// Throws database_error. Returns how many were applied.
int migrate(database& db, std::span<const migration> migrations);

}  // namespace gaia::store
