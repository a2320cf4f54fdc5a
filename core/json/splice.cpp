#include "core/json/splice.hpp"

#include <cassert>

namespace gaia::json {

std::vector<std::string_view> splice(std::string_view original, const std::vector<edit>& edits) {
    std::vector<std::string_view> pieces;
    pieces.reserve(2 * edits.size() + 1);
    std::size_t at = 0;
    for (const auto& one : edits) {
        assert(at <= one.begin && one.begin <= one.end && one.end <= original.size());
        if (one.begin != at) {
            pieces.push_back(original.substr(at, one.begin - at));
        }
        if (!one.replacement.empty()) {
            pieces.emplace_back(one.replacement);
        }
        at = one.end;
    }
    if (at != original.size()) {
        pieces.push_back(original.substr(at));
    }
    return pieces;
}

std::size_t spliced_size(std::string_view original, const std::vector<edit>& edits) {
    std::size_t size = original.size();
    for (const auto& one : edits) {
        assert(one.begin <= one.end && one.end <= original.size());
        size = size - (one.end - one.begin) + one.replacement.size();
    }
    return size;
}

}  // namespace gaia::json
