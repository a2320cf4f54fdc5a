#include "core/store/migrations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "schema_files.hpp"

namespace gaia::store {
namespace {

// A large file is nearly all usage, and reading that at each start would take seconds. Its
// structure is then checked as it is used (cell_size_check); all other tables are checked always.
constexpr std::int64_t checked_bytes_max = 64LL * 1024 * 1024;

std::string first_damage(database& db) {
    const auto bytes = db.query_integer("PRAGMA page_count") * db.query_integer("PRAGMA page_size");
    if (bytes <= checked_bytes_max) {
        return db.query_text("PRAGMA quick_check(1)");
    }
    auto tables =
        db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'usage'");
    while (tables.step()) {
        auto verdict = db.query_text(fmt::format("PRAGMA quick_check('{}')", tables.text(0)));
        if (verdict != "ok") {
            return verdict;
        }
    }
    return "ok";
}

}  // namespace

std::vector<migration> order_migrations(std::span<const base::embedded_file> files) {
    std::vector<migration> ordered;
    for (const auto& file : files) {
        migration step;
        step.name = file.name.substr(file.name.rfind('/') + 1);
        step.sql = file.content;
        std::from_chars(step.name.data(), step.name.data() + step.name.size(), step.version);
        ordered.push_back(step);
    }
    std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
        return a.version < b.version;
    });
    for (std::size_t i = 0; i < ordered.size(); ++i) {
        if (ordered[i].version != static_cast<int>(i) + 1) {
            throw std::logic_error("migrations must be numbered from 1 without a gap");
        }
    }
    return ordered;
}

std::vector<migration> embedded_migrations() {
    return order_migrations(schema_files());
}

void check_before_use(database& db, int newest_version) {
    try {
        const auto version = db.query_integer("PRAGMA user_version");
        const auto owner = db.query_integer("PRAGMA application_id");
        const auto tables = db.query_integer("SELECT count(*) FROM sqlite_schema");
        if (tables == 0 && version == 0) {
            return;
        }
        if (owner != application_id) {
            throw std::runtime_error("The database was not made by gaiarouter.");
        }
        if (version > newest_version) {
            throw std::runtime_error(fmt::format(
                "The database has schema version {}, but this gaiarouter knows only versions up to "
                "{}. Use a newer gaiarouter.",
                version,
                newest_version));
        }
        if (const auto damage = first_damage(db); damage != "ok") {
            throw std::runtime_error("The database is damaged: " + damage +
                                     ". Restore it from a backup.");
        }
    } catch (const database_error& error) {
        if (error.damaged()) {
            throw std::runtime_error(std::string("The database is damaged: ") + error.what() +
                                     ". Restore it from a backup.");
        }
        throw;
    }
}

int migrate(database& db, std::span<const migration> migrations) {
    int applied = 0;
    for (const auto& step : migrations) {
        if (step.version <= db.query_integer("PRAGMA user_version")) {
            continue;
        }
        transaction change(db, transaction::kind::write);
        if (step.version == 1) {
            db.execute(fmt::format("PRAGMA application_id = {}", application_id));
        }
        db.execute(step.sql);
        db.execute(fmt::format("PRAGMA user_version = {}", step.version));
        change.commit();
        ++applied;
    }
    return applied;
}

}  // namespace gaia::store
