#include <algorithm>

#include "core/policy/snapshot.hpp"

// How a name becomes a target. The rest of `snapshot` is in snapshot.cpp.
namespace gaia::policy {
namespace {

constexpr std::size_t shown_name_bytes_max = 128;

bool is_printable(char c) {
    return c >= 0x20 && c < 0x7F;
}

failure unknown_model(std::string_view model) {
    // The client's own text comes back to it and to whoever shows the error: short and harmless.
    std::string shown(model.substr(0, shown_name_bytes_max));
    std::replace_if(shown.begin(), shown.end(), [](char c) { return !is_printable(c); }, '?');
    return fail(errc::model_not_found,
                "The model `" + shown + "` does not exist or you do not have access to it.",
                "model");
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
}

std::string_view without_provider(std::string_view model, std::string_view name) {
    const bool prefixed =
        model.size() > name.size() + 1 && model.starts_with(name) && model[name.size()] == '/';
    return prefixed ? model.substr(name.size() + 1) : model;
}

// The upstream's name under `rule` for the name asked for.
std::string upstream_name(const model_rule& rule, std::string_view asked) {
    if (rule.model.empty()) {
        return std::string(rule.name.ends_with('*') ? without_provider(asked, rule.provider)
                                                    : asked);
    }
    if (rule.name.ends_with('*') && rule.model.ends_with('*')) {
        const std::string_view stem(rule.model.data(), rule.model.size() - 1);
        return std::string(stem).append(asked.substr(rule.name.size() - 1));
    }
    return rule.model;
}

}  // namespace

const provider* snapshot::find_provider(std::string_view name) const noexcept {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : at->second;
}

const provider* snapshot::first_of_vendor(std::string_view vendor) const noexcept {
    const auto at = std::find_if(providers_.begin(), providers_.end(), [&](const provider& p) {
        return p.vendor == vendor;
    });
    return at == providers_.end() ? nullptr : &*at;
}

target snapshot::make_target(const provider& at, std::string_view model) const {
    target where;
    where.at = &at;
    where.model = model;
    where.facts = catalog_.find_model != nullptr ? catalog_.find_model(at.vendor, model) : nullptr;
    return where;
}

// "a/b/c" is first asked as provider "a/b", then as "a": the longest name wins.
std::optional<target> snapshot::by_provider_name(std::string_view model) const {
    std::size_t slash = model.rfind('/', longest_provider_name_);
    while (slash != model.npos) {
        const provider* const at = find_provider(model.substr(0, slash));
        if (at != nullptr && slash + 1 < model.size()) {
            return make_target(*at, model.substr(slash + 1));
        }
        if (slash == 0) {
            break;
        }
        slash = model.rfind('/', slash - 1);
    }
    return std::nullopt;
}

std::optional<target> snapshot::by_pattern(std::string_view model) const {
    for (const model_rule* const rule : patterns_) {
        const std::string_view stem(rule->name.data(), rule->name.size() - 1);
        if (!model.starts_with(stem)) {
            continue;
        }
        const provider* const at = find_provider(rule->provider);
        const std::string upstream = upstream_name(*rule, model);
        if (at != nullptr && !upstream.empty()) {
            return make_target(*at, upstream);
        }
    }
    return std::nullopt;
}

std::optional<target> snapshot::by_catalog(std::string_view model) const {
    const std::size_t slash = model.find('/');
    if (slash != model.npos && slash + 1 < model.size()) {
        if (const provider* const at = first_of_vendor(model.substr(0, slash))) {
            return make_target(*at, model.substr(slash + 1));
        }
    }
    if (catalog_.vendor_of_model != nullptr) {
        const std::string_view vendor = catalog_.vendor_of_model(model);
        const provider* const at = vendor.empty() ? nullptr : first_of_vendor(vendor);
        if (at != nullptr) {
            return make_target(*at, model);
        }
    }
    // Vendors that resell others' models under the same or a longer name.
    for (const provider& p : providers_) {
        target where = make_target(p, model);
        if (where.facts != nullptr) {
            return where;
        }
    }
    return std::nullopt;
}

std::optional<snapshot::resolution> snapshot::look_up(std::string_view model) const {
    if (model.empty() || model.size() > model_name_bytes_max || has_control_character(model)) {
        return std::nullopt;
    }
    if (const auto rule = exact_.find(model); rule != exact_.end()) {
        if (const provider* const at = find_provider(rule->second->provider)) {
            return resolution{make_target(*at, upstream_name(*rule->second, model)),
                              found_by::exact};
        }
    }
    if (auto where = by_provider_name(model)) {
        return resolution{std::move(*where), found_by::provider};
    }
    if (auto where = by_pattern(model)) {
        return resolution{std::move(*where), found_by::pattern};
    }
    if (model == echo_model) {
        const provider* const at = find_provider(echo_name);
        return resolution{make_target(*at, model), found_by::catalog};
    }
    if (rules_.empty()) {
        if (auto where = by_catalog(model)) {
            return resolution{std::move(*where), found_by::catalog};
        }
    }
    return std::nullopt;
}

result<target> snapshot::resolve(std::string_view model) const {
    auto found = look_up(model);
    if (!found) {
        return unknown_model(model);
    }
    return std::move(found->where);
}

namespace {

listed_model list(std::string id, const target& where) {
    listed_model row;
    row.id = std::move(id);
    row.owned_by = where.at->vendor;
    row.provider = where.at->name;
    row.facts = where.facts;
    row.created = where.facts != nullptr ? where.facts->released : 0;
    return row;
}

}  // namespace

std::vector<listed_model> snapshot::models() const {
    std::vector<listed_model> rows;
    for (const model_rule& rule : rules_) {
        if (rule.name.ends_with('*') || rows.size() >= listed_models_max) {
            continue;
        }
        if (const provider* const at = find_provider(rule.provider)) {
            rows.push_back(list(rule.name, make_target(*at, upstream_name(rule, rule.name))));
        }
    }
    const auto add = [&](const provider& p, std::string_view model) {
        std::string id = p.name + "/" + std::string(model);
        if (rows.size() < listed_models_max && !exact_.contains(id)) {
            rows.push_back(list(std::move(id), make_target(p, model)));
        }
    };
    for (const provider& p : providers_) {
        if (p.builtin_echo) {
            add(p, echo_model);
        } else if (catalog_.models_of != nullptr) {
            for (const chat::model_facts* const facts : catalog_.models_of(p.vendor)) {
                add(p, facts->id);
            }
        }
    }
    return rows;
}

std::optional<listed_model> snapshot::find_listed(std::string_view id) const {
    const auto found = look_up(id);
    if (!found) {
        return std::nullopt;
    }
    const target& where = found->where;
    const bool by_operator = found->how == found_by::exact || found->how == found_by::pattern;
    const bool echo = where.at->builtin_echo && where.model == echo_model;
    if (!by_operator && !echo && where.facts == nullptr) {
        return std::nullopt;
    }
    return list(std::string(id), where);
}

}  // namespace gaia::policy
