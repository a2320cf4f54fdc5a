#include <catch2/catch.hpp>
#include <map>

#include "core/policy/snapshot.hpp"

using namespace gaia;
using policy::model_rule;
using policy::provider;
using policy::snapshot;

namespace {

// A small catalogue: two vendors, and a reseller that knows one of them under a longer name.
const std::map<std::string, std::vector<std::string>, std::less<>>& ids() {
    static const std::map<std::string, std::vector<std::string>, std::less<>> table = {
        {"openai", {"gpt-4o", "gpt-4o-mini"}},
        {"anthropic", {"claude-x"}},
        {"openrouter", {"meta/llama-9", "solo"}},
    };
    return table;
}

const std::vector<chat::model_facts>& facts() {
    static const std::vector<chat::model_facts> all = [] {
        std::vector<chat::model_facts> rows;
        for (const auto& [vendor, names] : ids()) {
            for (const auto& name : names) {
                chat::model_facts f;
                f.vendor = vendor;
                f.id = name;
                f.released = 1'700'000'000;
                rows.push_back(f);
            }
        }
        return rows;
    }();
    return all;
}

const chat::model_facts* find_model(std::string_view vendor, std::string_view id) {
    for (const auto& f : facts()) {
        if (f.vendor == vendor && f.id == id) {
            return &f;
        }
    }
    return nullptr;
}

std::string_view vendor_of_model(std::string_view model) {
    if (model.starts_with("gpt-")) {
        return "openai";
    }
    return model.starts_with("claude-") ? "anthropic" : "";
}

std::vector<const chat::model_facts*> models_of(std::string_view vendor) {
    std::vector<const chat::model_facts*> rows;
    for (const auto& f : facts()) {
        if (f.vendor == vendor) {
            rows.push_back(&f);
        }
    }
    return rows;
}

provider at(std::string name, std::string vendor) {
    provider p;
    p.name = std::move(name);
    p.vendor = std::move(vendor);
    return p;
}

snapshot make(std::vector<provider> providers, std::vector<model_rule> rules = {}) {
    return snapshot(
        {}, std::move(providers), std::move(rules), {find_model, vendor_of_model, models_of});
}

// "provider model" of what a name resolves to, or "-".
std::string where(const snapshot& s, std::string_view model) {
    const auto found = s.resolve(model);
    return found ? found->at->name + " " + found->model : "-";
}

}  // namespace

TEST_CASE("router: without rules a name goes by provider, vendor, prefix and catalogue",
          "[policy]") {
    const auto s = make({at("work", "openai"), at("home", "openai"), at("or", "openrouter")});
    const std::pair<const char*, const char*> rows[] = {
        {"work/gpt-4o", "work gpt-4o"},
        {"home/gpt-4o", "home gpt-4o"},
        {"home/anything/at all", "home anything/at all"},
        {"openai/gpt-4o", "work gpt-4o"},  // vendor: its first provider
        {"gpt-4o", "work gpt-4o"},         // catalogue
        {"gpt-99", "work gpt-99"},         // prefix
        {"meta/llama-9", "or meta/llama-9"},
        {"solo", "or solo"},
        {"claude-x", "-"},  // nobody configured for it
        {"nonsense", "-"},
        {"Work/gpt-4o", "-"},  // names are case-sensitive
        {"work/", "-"},
        {"/gpt-4o", "-"},
        {"/", "-"},
        {"", "-"},
        {"echo/echo-1", "echo echo-1"},
        {"echo-1", "echo echo-1"},
    };
    for (const auto& [model, expected] : rows) {
        CAPTURE(model);
        CHECK(where(s, model) == expected);
    }
}

TEST_CASE("router: a plain name prefers its own vendor to a reseller", "[policy]") {
    const auto s = make({at("or", "openrouter"), at("o", "openai")});
    CHECK(where(s, "gpt-4o") == "o gpt-4o");
}

TEST_CASE("router: exact rule, then provider, then the longest pattern, and no catalogue",
          "[policy]") {
    const auto s = make({at("local", "openai"), at("far", "anthropic")},
                        {{"fast", "local", "gpt-4o-mini"},
                         {"far/fast", "local", "x"},
                         {"same", "far", ""},
                         {"*", "local", ""},
                         {"claude-*", "far", ""},
                         {"claude-old-*", "far", "claude-*"},
                         {"team/*", "far", "claude-x"},
                         {"lost", "nowhere", "x"}});
    const std::pair<const char*, const char*> rows[] = {
        {"fast", "local gpt-4o-mini"},
        {"far/fast", "local x"},
        {"far/other", "far other"},
        {"same", "far same"},
        {"claude-y", "far claude-y"},
        {"claude-", "far claude-"},
        {"claude-old-3", "far claude-3"},
        {"team/a/b", "far claude-x"},
        {"openai/gpt-4o", "local openai/gpt-4o"},  // no provider of that name: the pattern's
        {"gpt-4o", "local gpt-4o"},
        {"lost", "local lost"},
        {"echo/echo-1", "echo echo-1"},
    };
    for (const auto& [model, expected] : rows) {
        CAPTURE(model);
        CHECK(where(s, model) == expected);
    }
    const auto narrow = make({at("o", "openai")}, {{"fast", "o", "gpt-4o"}});
    CHECK(where(narrow, "gpt-4o") == "-");  // rules leave the catalogue out
    CHECK(where(narrow, "openai/gpt-4o") == "-");
    CHECK(where(narrow, "o/gpt-4o") == "o gpt-4o");
    CHECK(where(narrow, "echo-1") == "echo echo-1");
}

TEST_CASE("router: of providers whose names share a beginning the longest wins", "[policy]") {
    const auto s = make({at("a", "x"), at("a/b", "x")});
    CHECK(where(s, "a/b/c") == "a/b c");
    CHECK(where(s, "a/c") == "a c");
    CHECK(where(s, "a/b") == "a b");
}

TEST_CASE("router: facts belong to the upstream's model", "[policy]") {
    const auto s = make({at("o", "openai")}, {{"fast", "o", "gpt-4o-mini"}});
    REQUIRE(s.resolve("fast").has_value());
    REQUIRE(s.resolve("fast")->facts != nullptr);
    CHECK(s.resolve("fast")->facts->id == "gpt-4o-mini");
    CHECK(s.resolve("o/unknown")->facts == nullptr);
}

TEST_CASE("router: an unknown model's error shows a short and harmless name", "[policy]") {
    const auto s = make({});
    const auto plain = s.resolve("gpt-none").error();
    CHECK(plain.what == errc::model_not_found);
    CHECK(plain.param == "model");
    CHECK(plain.message == "The model `gpt-none` does not exist or you do not have access to it.");
    CHECK(s.resolve("a\r\n\x1B[31m").error().message.find("`a???[31m`") != std::string::npos);
    const auto huge = s.resolve(std::string(1'000'000, 'x')).error().message;
    CHECK(huge.find("`" + std::string(128, 'x') + "`") != std::string::npos);
    CHECK(huge.size() < 250);
}

TEST_CASE("router: a name over the limit or with control characters matches no pattern",
          "[policy]") {
    const auto s = make({at("o", "openai")}, {{"*", "o", ""}});
    CHECK(where(s, std::string(policy::model_name_bytes_max, 'x')) != "-");
    CHECK(where(s, std::string(policy::model_name_bytes_max + 1, 'x')) == "-");
    CHECK(where(s, "a\nb") == "-");
}

TEST_CASE("models: aliases, each provider's catalogue, echo", "[policy]") {
    const auto s = make({at("o", "openai")}, {{"fast", "o", "gpt-4o"}, {"gpt-*", "o", ""}});
    std::vector<std::string> names;
    for (const auto& row : s.models()) {
        names.push_back(row.id);
    }
    CHECK(names == std::vector<std::string>{"fast", "o/gpt-4o", "o/gpt-4o-mini", "echo/echo-1"});
    CHECK(s.models()[0].owned_by == "openai");
    CHECK(s.models()[0].provider == "o");
    CHECK(s.models()[0].created == 1'700'000'000);
}

TEST_CASE("models: one is found by each name that something is known of", "[policy]") {
    const auto s = make({at("o", "openai"), at("or", "openrouter")});
    for (const auto* id : {"o/gpt-4o",
                           "gpt-4o",
                           "openai/gpt-4o",
                           "or/meta/llama-9",
                           "meta/llama-9",
                           "echo/echo-1",
                           "echo-1"}) {
        CAPTURE(id);
        REQUIRE(s.find_listed(id));
        CHECK(s.find_listed(id)->id == id);
    }
    for (const auto* id : {"o/nonsense", "gpt-99", "nonsense", "", "echo/other"}) {
        CAPTURE(id);
        CHECK_FALSE(s.find_listed(id));
    }
    const auto ruled = make({at("o", "openai")}, {{"my-*", "o", ""}});
    CHECK(ruled.find_listed("my-own"));
}

TEST_CASE("snapshot: a configured provider named echo replaces the built-in one", "[policy]") {
    auto slow = at("echo", "echo");
    slow.builtin_echo = true;
    slow.echo_words = 7;
    const auto s = make({slow});
    CHECK(s.providers().size() == 1);
    CHECK(s.resolve("echo-1")->at->echo_words == 7);
}

TEST_CASE("snapshot: keys are found by hash and by id", "[policy]") {
    policy::key_record key;
    key.id = key_id{7};
    key.hash = sha256("sk-one");
    const snapshot s({key}, {}, {}, {});
    REQUIRE(s.find_key(sha256("sk-one")) != nullptr);
    CHECK(s.find_key(sha256("sk-one"))->id == key_id{7});
    CHECK(s.find_key(sha256("sk-two")) == nullptr);
    CHECK(s.find_key(key_id{7}) != nullptr);
    CHECK(s.find_key(key_id{8}) == nullptr);
    CHECK(s.models().size() == 1);  // without a catalogue: echo alone
}
