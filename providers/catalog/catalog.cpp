#include "providers/catalog/catalog.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>

#include "catalog_files.hpp"
#include "providers/catalog/table_file.hpp"

namespace gaia::catalog {
namespace {

std::string_view file(std::string_view name) {
    for (const auto& embedded : catalog_files()) {
        if (embedded.name == name) {
            return embedded.content;
        }
    }
    throw std::runtime_error("catalogue: a table is missing in this build");
}

struct tables {
    std::vector<vendor_row> vendors = read_vendors(file("vendors.tsv"));
    std::vector<chat::model_facts> models = read_models(file("models.tsv"));
    // Indexes into models, sorted by id and then by the rank of the vendor.
    std::vector<std::uint32_t> by_id;

    tables() {
        std::vector<std::size_t> rank(models.size());
        for (std::size_t i = 0; i < models.size(); ++i) {
            rank[i] = rank_of(models[i].vendor);
        }
        by_id.resize(models.size());
        std::iota(by_id.begin(), by_id.end(), 0U);
        std::sort(by_id.begin(), by_id.end(), [&](std::uint32_t a, std::uint32_t b) {
            return std::tie(models[a].id, rank[a]) < std::tie(models[b].id, rank[b]);
        });
    }

    std::size_t rank_of(std::string_view vendor) const {
        const auto at = std::find_if(
            vendors.begin(), vendors.end(), [&](const auto& row) { return row.id == vendor; });
        return static_cast<std::size_t>(at - vendors.begin());
    }
};

const tables& all() {
    static const tables instance;
    return instance;
}

const chat::model_facts* listed(std::string_view vendor, std::string_view id) {
    const auto rows = models_of(vendor);
    const auto at = std::lower_bound(
        rows.begin(), rows.end(), id, [](const auto& row, auto wanted) { return row.id < wanted; });
    return at != rows.end() && at->id == id ? &*at : nullptr;
}

const vendor_row* vendor_listing(std::string_view id) {
    const auto& [vendors, models, by_id] = all();
    const auto at = std::lower_bound(
        by_id.begin(), by_id.end(), id, [&](auto i, auto wanted) { return models[i].id < wanted; });
    return at != by_id.end() && models[*at].id == id ? find_vendor(models[*at].vendor) : nullptr;
}

std::string_view without_folder(std::string_view model) noexcept {
    constexpr std::string_view folder = "models/";  // how Gemini's own API names them
    return model.starts_with(folder) ? model.substr(folder.size()) : model;
}

bool fits(std::string_view text, std::string_view pattern) noexcept {
    return text.size() == pattern.size() &&
           std::equal(text.begin(), text.end(), pattern.begin(), [](char c, char p) {
               return p == '-' ? c == '-' : c >= '0' && c <= '9';
           });
}

}  // namespace

std::span<const vendor_row> vendors() {
    return all().vendors;
}

const vendor_row* find_vendor(std::string_view id_or_alias) {
    for (const auto& row : vendors()) {
        if (row.id == id_or_alias) {
            return &row;
        }
    }
    for (const auto& row : vendors()) {
        if (std::find(row.aliases.begin(), row.aliases.end(), id_or_alias) != row.aliases.end()) {
            return &row;
        }
    }
    return nullptr;
}

std::span<const chat::model_facts> models() {
    return all().models;
}

std::span<const chat::model_facts> models_of(std::string_view vendor) {
    const auto& rows = all().models;
    const auto first =
        std::lower_bound(rows.begin(), rows.end(), vendor, [](const auto& row, auto wanted) {
            return row.vendor < wanted;
        });
    const auto last = std::upper_bound(first, rows.end(), vendor, [](auto wanted, const auto& row) {
        return wanted < row.vendor;
    });
    return {first, last};
}

std::string_view without_date(std::string_view model) noexcept {
    for (const std::string_view pattern : {"-dddd-dd-dd", "-dddddddd"}) {
        if (model.size() > pattern.size() &&
            fits(model.substr(model.size() - pattern.size()), pattern)) {
            return model.substr(0, model.size() - pattern.size());
        }
    }
    return model;
}

const chat::model_facts* find_model(std::string_view vendor, std::string_view id) {
    if (const auto* exact = listed(vendor, id)) {
        return exact;
    }
    const auto plain = without_folder(id);
    if (const auto* named = listed(vendor, plain)) {
        return named;
    }
    return listed(vendor, without_date(plain));
}

const vendor_row* vendor_by_model_name(std::string_view model) {
    for (const auto name : {model, without_folder(model), without_date(without_folder(model))}) {
        if (const auto* row = vendor_listing(name)) {
            return row;
        }
    }
    const vendor_row* best = nullptr;
    std::size_t longest = 0;
    for (const auto& row : vendors()) {
        for (const auto prefix : row.model_prefixes) {
            if (prefix.size() > longest && model.starts_with(prefix)) {
                best = &row;
                longest = prefix.size();
            }
        }
    }
    return best;
}

}  // namespace gaia::catalog
