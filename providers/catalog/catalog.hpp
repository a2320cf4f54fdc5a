#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/chat/dialect.hpp"
#include "core/chat/model.hpp"

// Vendors and models as of the dates in vendors.tsv and models.tsv, compiled into the binary.
// Parsed once, at the first call; any thread. Everything returned lives as long as the process.
namespace gaia::catalog {

// The header that carries the credential.
enum class auth_style : std::uint8_t { bearer, x_api_key, api_key, none };

// One vendor: a flavour of a dialect at an address. Views point into the binary.
struct vendor_row {
    std::string_view id;       // "openai"
    std::string_view name;     // "OpenAI"
    std::string_view dialect;  // "openai_chat", "anthropic_messages" or "gemini"
    std::string_view
        base_url;  // no trailing slash; may hold ${ENVIRONMENT} names; empty: must be given
    auth_style auth = auth_style::bearer;
    std::vector<std::string_view> key_env;       // the first one that is set wins
    std::vector<std::string_view> base_url_env;  // likewise
    chat::quirks quirks;
    std::vector<std::string_view> model_prefixes;  // "gpt-"
    std::vector<std::string_view> aliases;
};

// In order of preference: those who make models before those who host them. `echo`, which is built
// in and has neither address nor key, is the last.
std::span<const vendor_row> vendors();
const vendor_row* find_vendor(std::string_view id_or_alias);

// Sorted by vendor, then id.
std::span<const chat::model_facts> models();
// The models of one vendor (its id, not an alias).
std::span<const chat::model_facts> models_of(std::string_view vendor);

// Also the price look-up at settlement, with the name the vendor served. A name that is not listed
// is tried without a leading "models/" and without a trailing -YYYY-MM-DD or -YYYYMMDD: a dated
// snapshot costs what its family costs unless it has its own line. nullptr: unknown, unpriced.
const chat::model_facts* find_model(std::string_view vendor, std::string_view id);

// Whose model a plain name is: the first vendor that lists it (dated names as in find_model), else
// the one with the longest matching prefix. nullptr: nobody knows it.
const vendor_row* vendor_by_model_name(std::string_view model);

// The name without its date, or the name itself. Exposed for the tests.
std::string_view without_date(std::string_view model) noexcept;

}  // namespace gaia::catalog
