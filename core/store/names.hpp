#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/store/database.hpp"

namespace gaia::store {

// The dictionary behind the small numbers in usage rows, with a bounded cache in front of the table
// `names`. Belongs to the writer. After a rollback call forget(): ids given since may not exist.
class names {
public:
    static constexpr std::size_t cached_max = 4096;

    explicit names(database& db);
    // Makes a row when there is none. Inside a write transaction.
    std::int64_t id_of(std::string_view text);
    // nullopt (SQL NULL) for an empty text.
    std::optional<std::int64_t> id_if_any(std::string_view text);
    void forget() noexcept { cached_.clear(); }

private:
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    statement find_;
    statement insert_;
    database& db_;
    boost::unordered_flat_map<std::string, std::int64_t, hash, std::equal_to<>> cached_;
};

}  // namespace gaia::store
