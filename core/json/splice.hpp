#pragma once

#include <string>
#include <string_view>
#include <vector>

// Replaces spans of raw bytes and leaves every other byte as it is.
namespace gaia::json {

struct edit {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string replacement;
};

// `original` with `edits` applied, as pieces that point into `original` and into the edits: both
// must outlive them. Edits must be sorted, inside `original` and not overlap (asserted).
std::vector<std::string_view> splice(std::string_view original, const std::vector<edit>& edits);
std::size_t spliced_size(std::string_view original, const std::vector<edit>& edits);

}  // namespace gaia::json
