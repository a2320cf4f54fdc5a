#include "providers/catalog/catalog.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "providers/catalog/table_file.hpp"

namespace catalog = gaia::catalog;
using gaia::price;

TEST_CASE("catalogue: the whole of both tables is well-formed", "[catalog]") {
    CHECK(catalog::vendors().size() >= 45);
    CHECK(catalog::models().size() >= 1868);
    std::set<std::string_view> names;
    std::set<std::string_view> variables;
    for (const auto& row : catalog::vendors()) {
        CAPTURE(row.id);
        CHECK(names.insert(row.id).second);
        for (const auto alias : row.aliases) {
            CHECK(names.insert(alias).second);
        }
        CHECK_FALSE(row.base_url.ends_with('/'));
        for (const auto variable : row.key_env) {
            CHECK(variables.insert(variable).second);  // one key makes one provider
        }
    }
    for (const auto& facts : catalog::models()) {
        CAPTURE(facts.vendor, facts.id);
        REQUIRE(catalog::find_vendor(facts.vendor) != nullptr);
        REQUIRE(catalog::find_model(facts.vendor, facts.id) == &facts);
    }
}

TEST_CASE("catalogue: prices are exact", "[catalog]") {
    const auto* mini = catalog::find_model("openai", "gpt-4o-mini");
    REQUIRE(mini);
    REQUIRE(mini->card);
    CHECK(mini->name == "GPT-4o mini");
    CHECK(mini->card->base.input == price{150'000'000});
    CHECK(mini->card->base.output == price{600'000'000});
    CHECK(mini->card->base.cache_read == price{75'000'000});
    CHECK(mini->card->base.cache_write == std::nullopt);
    CHECK(mini->context_tokens == 128'000);
    CHECK(mini->output_tokens_max == 16'384);
    CHECK(mini->released == 1'721'260'800);
    CHECK((mini->vision && mini->tools && !mini->reasoning));
}

TEST_CASE("catalogue: a model without prices is unpriced and not free", "[catalog]") {
    const auto* image = catalog::find_model("openai", "gpt-image-1");
    REQUIRE(image);
    CHECK_FALSE(image->card);
    const auto* echo = catalog::find_model("echo", "echo-1");
    REQUIRE(echo);
    REQUIRE(echo->card);
    CHECK(echo->card->base.input == price{0});
}

TEST_CASE("catalogue: long-context tiers", "[catalog]") {
    const auto* model = catalog::find_model("openai", "gpt-5.4");
    REQUIRE(model);
    REQUIRE(model->card);
    REQUIRE(model->card->tiers.size() == 1);
    CHECK(model->card->tiers[0].prompt_tokens_above == 272'000);
    CHECK(model->card->tiers[0].at.output == price{22'500'000'000});
    CHECK(model->card->tiers[0].at.cache_read == price{500'000'000});
    CHECK(model->card->tiers[0].at.cache_write == std::nullopt);
}

TEST_CASE("catalogue: a dated name costs what its own line says, else what its family costs",
          "[catalog]") {
    const auto* own = catalog::find_model("openai", "gpt-4o-2024-05-13");
    REQUIRE(own);
    CHECK(own->card->base.input == price{5'000'000'000});
    const auto* family = catalog::find_model("openai", "gpt-4o-mini-2024-07-18");
    REQUIRE(family);
    CHECK(family->id == "gpt-4o-mini");
    CHECK(catalog::find_model("anthropic", "claude-opus-4-5-20251101"));
    const auto* gemini = catalog::find_model("google", "models/gemini-2.5-pro");
    REQUIRE(gemini);
    CHECK(gemini->id == "gemini-2.5-pro");
    CHECK(catalog::find_model("openai", "gpt-4o-mini-2024-07") == nullptr);
    CHECK(catalog::find_model("openai", "-2024-07-18") == nullptr);
    CHECK(catalog::find_model("openai", "") == nullptr);
    CHECK(catalog::find_model("nobody", "gpt-4o") == nullptr);
}

TEST_CASE("catalogue: dates at the end of names", "[catalog]") {
    CHECK(catalog::without_date("a-2024-07-18") == "a");
    CHECK(catalog::without_date("a-20240718") == "a");
    for (const auto* name :
         {"a", "", "a-2024-7-18", "a-2024071", "-20240718", "a20240718", "a-2024-07-18x"}) {
        CAPTURE(name);
        CHECK(catalog::without_date(name) == name);
    }
}

TEST_CASE("catalogue: whose model a plain name is", "[catalog]") {
    const auto whose = [](std::string_view model) {
        const auto* row = catalog::vendor_by_model_name(model);
        return row ? std::string(row->id) : std::string("nobody");
    };
    CHECK(whose("gpt-4o") == "openai");  // Azure and others list it as well
    CHECK(whose("gpt-4o-mini-2024-07-18") == "openai");
    CHECK(whose("gpt-99-nova") == "openai");
    CHECK(whose("o3") == "openai");
    CHECK(whose("o4-mini-2025-04-16") == "openai");
    CHECK(whose("text-embedding-3-small") == "openai");
    CHECK(whose("claude-9-poem") == "anthropic");
    CHECK(whose("gemini-9-ultra") == "google");
    CHECK(whose("models/gemini-2.5-flash") == "google");
    CHECK(whose("deepseek-chat") == "deepseek");
    CHECK(whose("grok-17") == "xai");
    CHECK(whose("echo-1") == "echo");
    CHECK(whose("no-such-model") == "nobody");
    CHECK(whose("") == "nobody");
}

TEST_CASE("catalogue: vendors by id and alias", "[catalog]") {
    const auto* google = catalog::find_vendor("gemini");
    REQUIRE(google);
    CHECK(google->id == "google");
    CHECK(google->key_env.size() == 3);
    const auto* mistral = catalog::find_vendor("mistral");
    REQUIRE(mistral);
    CHECK_FALSE(mistral->quirks.stream_options);
    CHECK_FALSE(mistral->quirks.max_completion_tokens);
    const auto* openai = catalog::find_vendor("openai");
    REQUIRE(openai);
    CHECK(openai->quirks.stream_options);
    CHECK(openai->base_url == "https://api.openai.com/v1");
    CHECK(openai->base_url_env.at(0) == "OPENAI_BASE_URL");
    CHECK(catalog::find_vendor("") == nullptr);
    CHECK(catalog::vendors().back().id == "echo");
}

TEST_CASE("catalogue: malformed lines are refused", "[catalog]") {
    const auto line = GENERATE(as<std::string>(),
                               "m\tn\t\t1,2\t\t0\t0",      // a column too few
                               "m\tn\t\t1,2\t\t0\t0\t\t",  // one too many
                               "m\tn\t\t1,x\t\t0\t0\t",    // price
                               "m\tn\t\t1,2,3,4,5,6,7,8\t\t0\t0\t",
                               "m\tn\t2024-13-01\t1,2\t\t0\t0\t",  // month
                               "m\tn\t\t1,2\t5:1,2;5:1,2\t0\t0\t",
                               "m\tn\t\t1,2\t\t-1\t0\t");
    CHECK_THROWS(catalog::read_models("@v\n" + line + "\n"));
}
