#pragma once

#include <vector>

#include "core/app/config_table.hpp"

// From the text of the file to drafts: names, types, units and bounds of every key are checked
// here, what depends on more than one key by config_server and config_providers.
namespace gaia::app {

struct file_contents {
    file_draft settings;
    bool has_providers = false;
    std::vector<provider_draft> providers;
    std::vector<model_draft> models;
    std::string folder;  // that relative paths start from
};

// Without a file: the defaults. Appends what is wrong to `problems`.
file_contents read_contents(const configuration_sources& from, std::vector<problem>& problems);

// Server, logging and storage: the file's texts, then the environment, then the flags.
void apply_settings(const configuration_sources& from,
                    const file_contents& contents,
                    loaded_configuration& out);
// Providers of the file, or of the environment when the file has none.
void apply_providers(const configuration_sources& from,
                     const file_contents& contents,
                     loaded_configuration& out);

// The rules of `models`; after the providers, which they name.
void apply_models(const configuration_sources& from,
                  const file_contents& contents,
                  loaded_configuration& out);

// The index of a choice, whatever its case; nullopt when there is none such.
std::optional<std::int64_t> find_choice(std::span<const std::string_view> choices,
                                        std::string_view text);
// "debug, info, warn or error"
std::string join_choices(std::span<const std::string_view> choices);

// Reports against the file, or against a flag or variable by its name.
inline void report(const configuration_sources& from,
                   std::vector<problem>& problems,
                   position at,
                   std::string text) {
    problems.push_back({from.file ? from.file->name : std::string(), at, std::move(text)});
}
inline void report(std::vector<problem>& problems, std::string_view name, std::string text) {
    problems.push_back({std::string(name), {}, std::move(text)});
}

// ", not `x`" for what stands in the file itself; nothing for what may be a secret.
std::string not_this(const located& value);

}  // namespace gaia::app
