#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/app/config.hpp"
#include "core/app/document.hpp"

// schema/config.schema.json against the table of keys: neither knows a key that the other does not.
// JSON is YAML, so the configuration's own reader of documents serves.
using namespace gaia::app;

namespace {

node read_schema() {
    const auto content =
        read_file(GAIA_SOURCE_DIR "/schema/config.schema.json", document_bytes_max);
    REQUIRE(content.error == "");
    const auto d = parse_document(content.text);
    for (const auto& p : d.problems) {
        FAIL(to_string(p));
    }
    return d.root;
}

const node* find(const node& mapping, std::string_view key) {
    for (const member& m : mapping.members) {
        if (m.key == key) {
            return &m.value;
        }
    }
    return nullptr;
}

std::string text_of(const node& mapping, std::string_view key) {
    const node* const n = find(mapping, key);
    return n != nullptr ? n->text : "";
}

// Leaves by path; objects with `properties` are walked, and so are the items of lists of objects.
void collect(const node& schema, const std::string& path, std::map<std::string, const node*>& out) {
    CAPTURE(path);
    CHECK((path.empty() || !text_of(schema, "description").empty()));
    const node* items = find(schema, "items");
    if (items != nullptr && find(*items, "properties") != nullptr) {
        collect(*items, path + "[]", out);
        return;
    }
    const node* const properties = find(schema, "properties");
    if (properties == nullptr) {
        out.emplace(path, &schema);
        return;
    }
    CHECK(text_of(schema, "additionalProperties") == "false");
    for (const member& m : properties->members) {
        collect(m.value, path.empty() ? m.key : path + "." + m.key, out);
    }
}

}  // namespace

TEST_CASE("schema: has the reader's keys, no more and no less", "[app][config]") {
    const node schema = read_schema();
    CHECK(text_of(schema, "$schema") == "https://json-schema.org/draft/2020-12/schema");
    std::map<std::string, const node*> leaves;
    collect(schema, "", leaves);
    std::set<std::string> in_schema;
    for (const auto& [path, leaf] : leaves) {
        in_schema.insert(path);
    }
    std::set<std::string> in_reader;
    for (const auto& key : known_keys()) {
        in_reader.insert(key.path);
    }
    CHECK(in_schema == in_reader);
    CHECK(in_reader.size() > 50);
}

TEST_CASE("schema: defaults, bounds and choices are the reader's", "[app][config]") {
    const node schema = read_schema();
    std::map<std::string, const node*> leaves;
    collect(schema, "", leaves);
    for (const auto& key : known_keys()) {
        CAPTURE(key.path);
        if (leaves.count(key.path) == 0) {
            continue;  // the case above says so
        }
        const node& leaf = *leaves[key.path];
        const std::string written = text_of(leaf, "default");
        const std::string description = text_of(leaf, "description");
        switch (key.kind) {
            case value_kind::count: {
                CHECK(parse_count(written) == key.default_number);
                const node& integer = find(leaf, "anyOf")->items.at(0);
                CHECK(parse_count(text_of(integer, "minimum")) == key.min);
                CHECK(parse_count(text_of(integer, "maximum")) == key.max);
                break;
            }
            case value_kind::bytes:
                CHECK(parse_bytes(written) == key.default_number);
                CHECK(description.ends_with("From " + to_bytes_text(key.min) + " to " +
                                            to_bytes_text(key.max) + "."));
                break;
            case value_kind::duration: {
                const auto ms = [](std::int64_t n) {
                    return to_duration_text(std::chrono::milliseconds(n));
                };
                REQUIRE(parse_duration(written).has_value());
                CHECK(parse_duration(written)->count() == *key.default_number);
                CHECK(description.ends_with("From " + ms(key.min) + " to " + ms(key.max) + "."));
                break;
            }
            case value_kind::choice: {
                REQUIRE(key.default_number.has_value());
                CHECK(written == key.choices.at(static_cast<std::size_t>(*key.default_number)));
                const node& choices = *find(find(leaf, "anyOf")->items.at(0), "enum");
                REQUIRE(choices.items.size() == key.choices.size());
                for (std::size_t i = 0; i < key.choices.size(); ++i) {
                    CHECK(choices.items[i].text == key.choices[i]);
                }
                break;
            }
            case value_kind::text:
            case value_kind::secret:
            case value_kind::path:
                CHECK(text_of(leaf, "type") == "string");
                break;
            case value_kind::texts:
                CHECK(find(leaf, "anyOf") != nullptr);
                break;
            case value_kind::pairs:
                CHECK(find(leaf, "additionalProperties") != nullptr);
                break;
        }
    }
}
