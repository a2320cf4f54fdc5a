#include "core/app/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace gaia::app {
namespace {

constexpr std::size_t word_bytes_max = 64;

// Levenshtein, with a swap of neighbours counted once: the commonest slip of all.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> now(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + other});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = std::min(now[j], before[j - 2] + 1);
            }
        }
        std::swap(before, last);
        std::swap(last, now);
    }
    return last[b.size()];
}

// "firstByte", "first-byte" and "FIRST_BYTE" are all `first_byte`.
std::string fold(std::string_view word) {
    std::string folded;
    for (const char c : word.substr(0, word_bytes_max)) {
        if (c == '_' || c == '-' || c == ' ') {
            continue;
        }
        folded.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
    return folded;
}

}  // namespace

std::string to_string(const problem& p) {
    if (p.at.line == 0) {
        return p.source.empty() ? p.text : fmt::format("{}: {}", p.source, p.text);
    }
    return fmt::format("{}:{}:{}: {}", p.source, p.at.line, p.at.column, p.text);
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    const std::string asked = fold(word);
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(1, asked.size() / 3) + 1;
    for (const std::string_view candidate : candidates) {
        const std::string known = fold(candidate);
        std::size_t d = distance(asked, known);
        const bool one_begins_other = asked.starts_with(known) || known.starts_with(asked);
        if (one_begins_other && std::min(asked.size(), known.size()) >= 3) {
            d = std::min<std::size_t>(d, 1);  // "cert" for `certificate`, "timeout" for `timeouts`
        }
        if (d < best_distance) {
            best_distance = d;
            best = candidate;
        }
    }
    return best;
}

std::string shown(std::string_view text) {
    std::string safe(text.substr(0, word_bytes_max));
    std::replace_if(safe.begin(), safe.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
    return text.size() > word_bytes_max ? safe + "..." : safe;
}

}  // namespace gaia::app
