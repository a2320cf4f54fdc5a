#include "core/store/names.hpp"

namespace gaia::store {

names::names(database& db)
    : find_(db.prepare_kept("SELECT id FROM names WHERE text = ?1")),
      insert_(db.prepare_kept("INSERT INTO names (text) VALUES (?1)")),
      db_(db) {}

std::int64_t names::id_of(std::string_view text) {
    if (const auto at = cached_.find(text); at != cached_.end()) {
        return at->second;
    }
    std::int64_t id = 0;
    find_.bind(1, text);
    if (find_.step()) {
        id = find_.integer(0);
        find_.reset();
    } else {
        insert_.bind(1, text).run();
        id = db_.last_insert_id();
    }
    // Clients choose model names: what they can fill is bounded, and a cold cache is only slower.
    if (cached_.size() >= cached_max) {
        cached_.clear();
    }
    cached_.emplace(text, id);
    return id;
}

std::optional<std::int64_t> names::id_if_any(std::string_view text) {
    if (text.empty()) {
        return std::nullopt;
    }
    return id_of(text);
}

}  // namespace gaia::store
