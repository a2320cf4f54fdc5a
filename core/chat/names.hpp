#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Names and ids that a target would refuse, made acceptable and back again.
namespace gaia::chat {

struct name_rule {
    std::size_t length_max = 64;
    std::string_view also = "_-";  // allowed beside letters and digits
};

// The substitutes of one attempt. Deterministic: the same name gets the same substitute in every
// turn, so that upstream prompt caches hit. Kept beside the decoder of the answer.
class name_map {
public:
    name_map() = default;
    explicit name_map(name_rule rule) : rule_(rule) {}

    // `name` itself when the rule allows it, else its start and a hash of all of it.
    std::string outward(std::string_view name);
    // The name that `outward` was given for this substitute; the name itself when there is none.
    std::string_view inward(std::string_view name) const noexcept;
    bool empty() const noexcept { return pairs_.empty(); }

private:
    bool allowed(std::string_view name) const noexcept;

    name_rule rule_;
    std::vector<std::pair<std::string, std::string>> pairs_;  // given, substitute
};

// FNV-1a, for substitutes and content keys; no secret depends on it.
std::uint64_t fingerprint(std::string_view text) noexcept;
// A tool call id for upstreams that send none: "call_" and 24 hex digits of seed and count.
std::string made_call_id(std::uint64_t seed, std::uint64_t count);

}  // namespace gaia::chat
