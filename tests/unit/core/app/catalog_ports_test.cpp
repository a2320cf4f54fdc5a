#include "core/app/catalog_ports.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "providers/catalog/catalog.hpp"

using namespace gaia;

namespace {

policy::auth_style in_policy(catalog::auth_style style) {
    static const std::map<catalog::auth_style, policy::auth_style> table = {
        {catalog::auth_style::bearer, policy::auth_style::bearer},
        {catalog::auth_style::x_api_key, policy::auth_style::x_api_key},
        {catalog::auth_style::api_key, policy::auth_style::api_key},
        {catalog::auth_style::none, policy::auth_style::none},
    };
    return table.at(style);
}

}  // namespace

TEST_CASE("catalog ports: configuration sees every vendor as the catalogue has it",
          "[app][catalog]") {
    const auto port = app::make_vendor_port();
    REQUIRE(port.vendors.size() == catalog::vendors().size());
    std::set<std::string> ids;
    for (std::size_t i = 0; i < port.vendors.size(); ++i) {
        const auto& facts = port.vendors[i];
        const auto& row = catalog::vendors()[i];
        CAPTURE(facts.id);
        CHECK(ids.insert(facts.id).second);
        CHECK(facts.id == row.id);
        CHECK(facts.dialect == row.dialect);
        CHECK(facts.base_url == row.base_url);
        CHECK(facts.auth == in_policy(row.auth));
        CHECK(std::equal(
            facts.key_env.begin(), facts.key_env.end(), row.key_env.begin(), row.key_env.end()));
        CHECK(std::equal(facts.base_url_env.begin(),
                         facts.base_url_env.end(),
                         row.base_url_env.begin(),
                         row.base_url_env.end()));
        CHECK(facts.quirks.stream_options == row.quirks.stream_options);
        CHECK(port.find(facts.id) == &facts);
        for (const auto& alias : facts.aliases) {
            CHECK(port.find(alias) == &facts);
        }
    }
    CHECK(port.find("no-such-vendor") == nullptr);
}

TEST_CASE("catalog ports: routing finds models, their vendor and their prices", "[app][catalog]") {
    const auto port = app::make_catalog_port();
    const auto* facts = port.find_model("openai", "gpt-4o-mini");
    REQUIRE(facts != nullptr);
    CHECK(facts->vendor == "openai");
    CHECK(facts->card.has_value());
    CHECK(port.find_model("openai", "no-such-model") == nullptr);
    CHECK(port.find_model("no-such-vendor", "gpt-4o-mini") == nullptr);

    CHECK(port.vendor_of_model("gpt-4o-mini") == "openai");
    CHECK(port.vendor_of_model("claude-something-new") == "anthropic");
    CHECK(port.vendor_of_model("gemini-something-new") == "google");
    CHECK(port.vendor_of_model("no-such-model").empty());
    CHECK(port.vendor_of_model("").empty());

    const auto all = port.models_of("openai");
    CHECK(std::find(all.begin(), all.end(), facts) != all.end());
    CHECK(std::all_of(all.begin(), all.end(), [](const auto* m) { return m->vendor == "openai"; }));
    CHECK(port.models_of("no-such-vendor").empty());
}
