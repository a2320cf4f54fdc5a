#include "core/policy/snapshot.hpp"

#include <algorithm>
#include <cstring>

namespace gaia::policy {

std::size_t snapshot::digest_hash::operator()(const sha256_digest& d) const noexcept {
    // The digest of a credential is uniform already.
    std::size_t hash = 0;
    std::memcpy(&hash, d.data(), sizeof hash);
    return hash;
}

snapshot::snapshot(std::vector<key_record> keys,
                   std::vector<provider> providers,
                   std::vector<model_rule> rules,
                   catalog_port catalog)
    : keys_(std::move(keys)),
      providers_(std::move(providers)),
      rules_(std::move(rules)),
      catalog_(catalog) {
    for (auto& p : providers_) {
        p.authority = p.where.authority();
    }
    add_builtin_echo();
    index_keys();
    index_rules();
}

void snapshot::add_builtin_echo() {
    const bool there = std::any_of(providers_.begin(), providers_.end(), [](const provider& p) {
        return p.name == echo_name;
    });
    if (there) {
        return;
    }
    provider echo;
    echo.id = builtin_echo_id;
    echo.name = echo_name;
    echo.vendor = echo_name;
    echo.auth = auth_style::none;
    echo.builtin_echo = true;
    providers_.push_back(std::move(echo));
}

void snapshot::index_keys() {
    by_hash_.reserve(keys_.size());
    by_id_.reserve(keys_.size());
    for (const key_record& key : keys_) {
        by_hash_.emplace(key.hash, &key);
        by_id_.emplace(key.id.value, &key);
    }
}

void snapshot::index_rules() {
    for (const provider& p : providers_) {
        by_name_.emplace(p.name, &p);
        longest_provider_name_ = std::max(longest_provider_name_, p.name.size());
    }
    for (const model_rule& rule : rules_) {
        if (rule.name.ends_with('*')) {
            patterns_.push_back(&rule);
        } else {
            exact_.emplace(rule.name, &rule);
        }
    }
    std::sort(patterns_.begin(), patterns_.end(), [](const model_rule* a, const model_rule* b) {
        // Of two equally long patterns the first configured wins.
        return a->name.size() != b->name.size() ? a->name.size() > b->name.size() : a < b;
    });
}

const key_record* snapshot::find_key(const sha256_digest& hash) const noexcept {
    const auto at = by_hash_.find(hash);
    return at == by_hash_.end() ? nullptr : at->second;
}

const key_record* snapshot::find_key(key_id id) const noexcept {
    const auto at = by_id_.find(id.value);
    return at == by_id_.end() ? nullptr : at->second;
}

}  // namespace gaia::policy
