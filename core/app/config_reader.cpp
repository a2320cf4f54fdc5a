#include "core/app/config_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "core/app/document.hpp"

namespace gaia::app {
namespace {

constexpr std::size_t list_items_max = 1'000;

std::string_view kind_name(const node& n) {
    switch (n.type) {
        case node::kind::null:
            return "nothing";
        case node::kind::scalar:
            return "text";
        case node::kind::list:
            return "a list";
        case node::kind::mapping:
            return "a mapping";
    }
    return "nothing";
}

std::string_view last_part(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == path.npos ? path : path.substr(dot + 1);
}

// The names that may stand directly below `prefix` ("" or "limits.").
template <class Target>
std::vector<std::string_view> names_below(std::span<const setting<Target>> table,
                                          std::string_view prefix) {
    std::vector<std::string_view> names;
    for (const auto& row : table) {
        if (!row.path.starts_with(prefix)) {
            continue;
        }
        std::string_view name = row.path.substr(prefix.size());
        name = name.substr(0, name.find('.'));
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
    }
    return names;
}

class reader {
public:
    reader(const configuration_sources& from,
           const std::string& folder,
           std::vector<problem>& problems)
        : from_(from), folder_(folder), problems_(problems) {}

    // `label` is what the table's root is called in messages: "" or "providers[].".
    template <class Target>
    void mapping(const node& n,
                 std::string_view label,
                 const std::string& prefix,
                 std::span<const setting<Target>> table,
                 Target& to,
                 std::span<const std::string_view> elsewhere = {}) {
        if (n.type == node::kind::null) {
            return;
        }
        if (n.type != node::kind::mapping) {
            std::string name = std::string(label) + prefix;
            name.pop_back();
            say(n.at, fmt::format("`{}` expects settings, not {}", name, kind_name(n)));
            return;
        }
        for (const member& m : n.members) {
            const std::string path = prefix + m.key;
            const auto row = std::find_if(
                table.begin(), table.end(), [&](const auto& r) { return r.path == path; });
            const std::string below = path + ".";
            const bool section = std::any_of(table.begin(), table.end(), [&](const auto& r) {
                return r.path.starts_with(below);
            });
            if (row != table.end()) {
                value(m, std::string(label) + path, *row, to);
            } else if (section) {
                mapping(m.value, label, below, table, to);
            } else if (std::find(elsewhere.begin(), elsewhere.end(), m.key) == elsewhere.end()) {
                unknown(m, label, prefix, table, elsewhere);
            }
        }
    }

    // Calls use(item) for each mapping of a list.
    template <class Use>
    void each(const member& m, Use use) {
        const node& n = m.value;
        if (n.type == node::kind::null) {
            return;
        }
        if (n.type != node::kind::list) {
            say(n.at,
                fmt::format("`{}` expects a list (each entry begins with `-`), not {}",
                            m.key,
                            kind_name(n)));
            return;
        }
        if (n.items.size() > list_items_max) {
            say(n.at, fmt::format("`{}` has more than {} entries", m.key, list_items_max));
            return;
        }
        for (const node& item : n.items) {
            if (item.type == node::kind::mapping) {
                use(item);
            } else {
                say(item.at,
                    fmt::format("an entry of `{}` expects settings like {{name: ...}}, not {}",
                                m.key,
                                kind_name(item)));
            }
        }
    }

private:
    void say(position at, std::string text) { report(from_, problems_, at, std::move(text)); }

    template <class Target>
    void unknown(const member& m,
                 std::string_view label,
                 const std::string& prefix,
                 std::span<const setting<Target>> table,
                 std::span<const std::string_view> elsewhere) {
        std::vector<std::string_view> names = names_below(table, prefix);
        names.insert(names.end(), elsewhere.begin(), elsewhere.end());
        std::string hint(nearest(m.key, names));
        if (hint.empty()) {
            // The right name in the wrong place.
            const auto row = std::find_if(table.begin(), table.end(), [&](const auto& r) {
                return last_part(r.path) == m.key;
            });
            hint = row == table.end() ? "" : std::string(label).append(row->path);
        }
        std::string text = fmt::format("unknown setting `{}{}{}`", label, prefix, shown(m.key));
        if (!hint.empty()) {
            text += fmt::format("; did you mean `{}`?", hint);
        } else {
            text += fmt::format("; known here: {}", fmt::join(names, ", "));
        }
        say(m.key_at, std::move(text));
    }

    std::optional<located> scalar(const node& n, const std::string& label) {
        if (n.type == node::kind::null) {
            say(n.at, fmt::format("`{}` has no value", label));
            return std::nullopt;
        }
        if (n.type != node::kind::scalar) {
            say(n.at, fmt::format("`{}` expects one value, not {}", label, kind_name(n)));
            return std::nullopt;
        }
        expansion filled = expand(n.text, from_.env, from_.read, folder_);
        if (!filled.error.empty()) {
            say(n.at, fmt::format("`{}`: {}", label, filled.error));
            return std::nullopt;
        }
        return located{std::move(filled.text), n.at, filled.literal};
    }

    template <class Target>
    void value(const member& m, const std::string& label, const setting<Target>& row, Target& to) {
        switch (row.kind) {
            case value_kind::text:
            case value_kind::secret:
            case value_kind::path:
                if (auto text = scalar(m.value, label)) {
                    text->literal = text->literal && row.kind != value_kind::secret;
                    row.store_text(to, std::move(*text));
                }
                return;
            case value_kind::texts:
                row.store_texts(to, texts(m.value, label));
                return;
            case value_kind::pairs:
                row.store_pairs(to, pairs(m.value, label));
                return;
            case value_kind::choice:
            case value_kind::count:
            case value_kind::bytes:
            case value_kind::duration:
                if (const auto text = scalar(m.value, label)) {
                    if (const auto number = to_number(*text, label, row)) {
                        row.store(to, *number);
                    }
                }
                return;
        }
    }

    std::vector<located> texts(const node& n, const std::string& label) {
        std::vector<located> values;
        if (n.type == node::kind::null) {
            return values;
        }
        if (n.type == node::kind::scalar) {  // one is a list of one
            if (auto text = scalar(n, label)) {
                values.push_back(std::move(*text));
            }
            return values;
        }
        if (n.type != node::kind::list) {
            say(n.at, fmt::format("`{}` expects a list, not {}", label, kind_name(n)));
            return values;
        }
        if (n.items.size() > list_items_max) {
            say(n.at, fmt::format("`{}` has more than {} entries", label, list_items_max));
            return values;
        }
        for (const node& item : n.items) {
            if (auto text = scalar(item, label)) {
                values.push_back(std::move(*text));
            }
        }
        return values;
    }

    std::vector<std::pair<located, located>> pairs(const node& n, const std::string& label) {
        std::vector<std::pair<located, located>> values;
        if (n.type != node::kind::mapping) {
            if (n.type != node::kind::null) {
                say(n.at,
                    fmt::format("`{}` expects names with values, not {}", label, kind_name(n)));
            }
            return values;
        }
        for (const member& m : n.members) {
            if (auto text = scalar(m.value, label + "." + shown(m.key))) {
                text->literal = false;  // headers carry credentials too
                values.emplace_back(located{m.key, m.key_at, true}, std::move(*text));
            }
        }
        return values;
    }

    template <class Target>
    std::optional<std::int64_t> to_number(const located& text,
                                          const std::string& label,
                                          const setting<Target>& row) {
        std::optional<std::int64_t> number;
        std::string expected;
        std::string low = std::to_string(row.min);
        std::string high = std::to_string(row.max);
        if (row.kind == value_kind::choice) {
            number = find_choice(row.choices, text.text);
            expected = join_choices(row.choices);
        } else if (row.kind == value_kind::count) {
            number = parse_count(text.text);
            expected = "a whole number";
        } else if (row.kind == value_kind::bytes) {
            number = parse_bytes(text.text);
            expected = "a size like 4096, 8KiB or 10MiB";
            low = to_bytes_text(row.min);
            high = to_bytes_text(row.max);
        } else {
            if (const auto duration = parse_duration(text.text)) {
                number = duration->count();
            }
            expected = "a duration with its unit, like 500ms, 5s, 2m or 1h";
            low = to_duration_text(std::chrono::milliseconds(row.min));
            high = to_duration_text(std::chrono::milliseconds(row.max));
        }
        if (!number) {
            say(text.at, fmt::format("`{}` expects {}{}", label, expected, not_this(text)));
        } else if (*number < row.min || *number > row.max) {
            say(text.at,
                fmt::format("`{}` must be from {} to {}{}", label, low, high, not_this(text)));
            number.reset();
        }
        return number;
    }

    const configuration_sources& from_;
    const std::string& folder_;
    std::vector<problem>& problems_;
};

std::vector<present_key> keys_of(const node& mapping) {
    std::vector<present_key> keys;
    for (const member& m : mapping.members) {
        keys.push_back({m.key, m.key_at});
    }
    return keys;
}

std::string folder_of(const std::string& file) {
    return std::filesystem::path(file).parent_path().string();
}

}  // namespace

std::string not_this(const located& value) {
    return value.literal ? fmt::format(", not `{}`", shown(value.text)) : std::string();
}

std::optional<std::int64_t> find_choice(std::span<const std::string_view> choices,
                                        std::string_view text) {
    std::string folded(text.substr(0, 32));
    std::transform(folded.begin(), folded.end(), folded.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (folded == "warning") {
        folded = "warn";  // as half of the world's log libraries call it
    }
    const auto at = std::find(choices.begin(), choices.end(), folded);
    if (at == choices.end()) {
        return std::nullopt;
    }
    return std::distance(choices.begin(), at);
}

std::string join_choices(std::span<const std::string_view> choices) {
    std::string text;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        text += i == 0 ? "" : (i + 1 == choices.size() ? " or " : ", ");
        text += choices[i];
    }
    return text;
}

file_contents read_contents(const configuration_sources& from, std::vector<problem>& problems) {
    file_contents contents;
    if (!from.file) {
        return contents;
    }
    contents.folder = folder_of(from.file->name);
    contents.settings.config.file = from.file->name;
    document text = parse_document(from.file->text);
    for (problem& p : text.problems) {
        p.source = from.file->name;
        problems.push_back(std::move(p));
    }
    if (text.root.type != node::kind::mapping) {
        return contents;
    }
    static constexpr std::string_view lists[] = {"providers", "models"};
    reader read(from, contents.folder, problems);
    read.mapping(text.root, "", "", file_settings(), contents.settings, lists);

    // After the rest: a provider starts from server.timeouts wherever in the file that stands.
    for (const member& m : text.root.members) {
        if (m.key == "providers") {
            contents.has_providers = m.value.type != node::kind::null;
            read.each(m, [&](const node& item) {
                provider_draft draft;
                draft.at = item.at;
                draft.timeouts = contents.settings.config.upstream;
                read.mapping(item, "providers[].", "", provider_settings(), draft);
                draft.keys = keys_of(item);
                contents.providers.push_back(std::move(draft));
            });
        } else if (m.key == "models") {
            read.each(m, [&](const node& item) {
                model_draft draft;
                draft.at = item.at;
                read.mapping(item, "models[].", "", model_settings(), draft);
                draft.keys = keys_of(item);
                contents.models.push_back(std::move(draft));
            });
        }
    }
    return contents;
}

}  // namespace gaia::app
