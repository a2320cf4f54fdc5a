#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/app/problem.hpp"

// A YAML text as a tree that remembers where each value stood. Pure.
namespace gaia::app {

struct member;

struct node {
    enum class kind { null, scalar, list, mapping };

    kind type = kind::null;
    position at;
    std::string text;             // of a scalar
    std::vector<node> items;      // of a list
    std::vector<member> members;  // of a mapping, in the order of the text, each key once
};

struct member {
    std::string key;
    position key_at;
    node value;
};

struct document {
    node root;                      // a mapping or null when there are no problems
    std::vector<problem> problems;  // `source` is left empty
};

inline constexpr std::size_t document_bytes_max = 1024 * 1024;
inline constexpr std::size_t document_nodes_max = 10'000;
inline constexpr std::size_t document_depth_max = 16;

// One YAML document. Refused, with line and column: bad syntax, a second document, keys that stand
// twice, keys that are not text, aliases, tags other than YAML's own, and anything over the limits.
document parse_document(std::string_view text);

}  // namespace gaia::app
