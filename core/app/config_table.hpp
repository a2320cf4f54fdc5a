#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/app/config.hpp"

// The keys of the file: one row each. Private to the reader; the outside sees known_keys().
namespace gaia::app {

// A key that an entry has, whether or not its value was right.
struct present_key {
    std::string name;
    position at;
};

inline const present_key* find_key(const std::vector<present_key>& keys,
                                   std::string_view name) noexcept {
    for (const present_key& key : keys) {
        if (key.name == name) {
            return &key;
        }
    }
    return nullptr;
}

// What the file says of a provider before it is checked against the rest.
struct provider_draft {
    position at;
    std::vector<present_key> keys;
    std::optional<located> name;
    std::optional<located> vendor;
    std::optional<located> base_url;
    std::optional<located> api_key;
    std::optional<located> proxy;
    std::vector<std::pair<located, located>> headers;
    policy::upstream_timeouts timeouts;
    int retries = policy::provider{}.retries;
    std::chrono::milliseconds pace{0};
    std::chrono::milliseconds first_delay{0};
    int words = 0;
};

struct model_draft {
    position at;
    std::vector<present_key> keys;
    std::optional<located> name;
    std::optional<located> provider;
    std::optional<located> model;
};

// What the file says outside its lists: numbers and choices at once in their place, texts with
// their position, as they are checked later.
struct file_draft {
    configuration config;
    std::optional<located> listen;
    std::optional<located> certificate;
    std::optional<located> key;
    std::optional<located> data;
    std::optional<located> log_file;
    std::vector<located> cors_origins;
    std::vector<located> trusted_proxies;
    std::vector<located> hosts;
};

template <class Target>
struct setting {
    std::string_view path;  // below the table's root: "limits.request_line"
    value_kind kind = value_kind::text;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::span<const std::string_view> choices;
    std::int64_t (*load)(const Target&) = nullptr;
    void (*store)(Target&, std::int64_t) = nullptr;
    void (*store_text)(Target&, located) = nullptr;
    void (*store_texts)(Target&, std::vector<located>) = nullptr;
    void (*store_pairs)(Target&, std::vector<std::pair<located, located>>) = nullptr;
};

// `Field` is a function that takes a Target& and gives a reference to the field.
template <class Target, auto Field>
constexpr setting<Target> number_setting(std::string_view path,
                                         value_kind kind,
                                         std::int64_t min,
                                         std::int64_t max) {
    setting<Target> row;
    row.path = path;
    row.kind = kind;
    row.min = min;
    row.max = max;
    row.load = [](const Target& from) -> std::int64_t {
        const auto& field = Field(from);
        if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(field)>>) {
            return static_cast<std::int64_t>(field);
        } else {
            return field.count();
        }
    };
    row.store = [](Target& to, std::int64_t value) {
        auto& field = Field(to);
        using type = std::remove_cvref_t<decltype(field)>;
        if constexpr (std::is_arithmetic_v<type>) {
            field = static_cast<type>(value);
        } else {
            field = type(value);
        }
    };
    return row;
}

template <class Target, auto Field>
constexpr setting<Target> choice_setting(std::string_view path,
                                         std::span<const std::string_view> choices) {
    setting<Target> row;
    row.path = path;
    row.kind = value_kind::choice;
    row.choices = choices;
    row.max = static_cast<std::int64_t>(choices.size()) - 1;
    row.load = [](const Target& from) { return static_cast<std::int64_t>(Field(from)); };
    row.store = [](Target& to, std::int64_t value) {
        auto& field = Field(to);
        field = static_cast<std::remove_cvref_t<decltype(field)>>(value);
    };
    return row;
}

template <class Target, auto Field>
constexpr setting<Target> text_setting(std::string_view path, value_kind kind = value_kind::text) {
    setting<Target> row;
    row.path = path;
    row.kind = kind;
    row.store_text = [](Target& to, located value) { Field(to) = std::move(value); };
    return row;
}

template <class Target, auto Field>
constexpr setting<Target> texts_setting(std::string_view path) {
    setting<Target> row;
    row.path = path;
    row.kind = value_kind::texts;
    row.store_texts = [](Target& to, std::vector<located> values) {
        Field(to) = std::move(values);
    };
    return row;
}

template <class Target, auto Field>
constexpr setting<Target> pairs_setting(std::string_view path) {
    setting<Target> row;
    row.path = path;
    row.kind = value_kind::pairs;
    row.store_pairs = [](Target& to, std::vector<std::pair<located, located>> values) {
        Field(to) = std::move(values);
    };
    return row;
}

std::span<const setting<file_draft>> file_settings();
std::span<const setting<provider_draft>> provider_settings();
std::span<const setting<model_draft>> model_settings();

}  // namespace gaia::app
