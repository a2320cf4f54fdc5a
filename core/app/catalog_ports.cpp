#include "core/app/catalog_ports.hpp"

#include "providers/catalog/catalog.hpp"

namespace gaia::app {
namespace {

policy::auth_style convert(catalog::auth_style style) {
    switch (style) {
        case catalog::auth_style::bearer:
            return policy::auth_style::bearer;
        case catalog::auth_style::x_api_key:
            return policy::auth_style::x_api_key;
        case catalog::auth_style::api_key:
            return policy::auth_style::api_key;
        case catalog::auth_style::none:
            return policy::auth_style::none;
    }
    return policy::auth_style::bearer;
}

std::vector<std::string> strings(const std::vector<std::string_view>& views) {
    return {views.begin(), views.end()};
}

}  // namespace

vendor_port make_vendor_port() {
    vendor_port port;
    for (const auto& row : catalog::vendors()) {
        vendor_facts facts;
        facts.id = row.id;
        facts.dialect = row.dialect;
        facts.base_url = row.base_url;
        facts.auth = convert(row.auth);
        facts.key_env = strings(row.key_env);
        facts.base_url_env = strings(row.base_url_env);
        facts.aliases = strings(row.aliases);
        facts.quirks = row.quirks;
        port.vendors.push_back(std::move(facts));
    }
    return port;
}

policy::catalog_port make_catalog_port() {
    policy::catalog_port port;
    port.find_model = [](std::string_view vendor, std::string_view id) {
        return catalog::find_model(vendor, id);
    };
    port.vendor_of_model = [](std::string_view model) {
        const auto* row = catalog::vendor_by_model_name(model);
        return row != nullptr ? row->id : std::string_view();
    };
    port.models_of = [](std::string_view vendor) {
        std::vector<const chat::model_facts*> facts;
        for (const auto& model : catalog::models_of(vendor)) {
            facts.push_back(&model);
        }
        return facts;
    };
    return port;
}

}  // namespace gaia::app
