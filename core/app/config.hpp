#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/app/environment.hpp"
#include "core/app/problem.hpp"
#include "core/app/scalar.hpp"
#include "core/base/log.hpp"
#include "core/net/settings.hpp"
#include "core/policy/snapshot.hpp"
#include "core/relay/settings.hpp"

// The configuration of a process: flags over environment over file over defaults. Reading it is
// pure but for the file reader that is passed in; all problems are found in one go.
namespace gaia::app {

// What configuration must know of a vendor. The composition root fills it from the catalogue.
struct vendor_facts {
    std::string id;        // "openai"; also the name of a provider that the environment makes
    std::string dialect;   // "openai_chat"
    std::string base_url;  // may hold ${NAME} of the environment; empty: must be given
    policy::auth_style auth = policy::auth_style::bearer;
    std::vector<std::string> key_env;       // the first one that is set wins
    std::vector<std::string> base_url_env;  // likewise
    std::vector<std::string> aliases;       // further names for `vendor`
    chat::quirks quirks;
};

// In the order in which the environment's providers are to stand. `echo` need not be among them.
struct vendor_port {
    std::vector<vendor_facts> vendors;
    const vendor_facts* find(std::string_view id_or_alias) const noexcept;
};

struct storage_settings {
    std::string data_folder;
    std::size_t ledger_size = 64 * 1024 * 1024;  // bytes
};

struct configuration {
    net::settings server;
    relay::settings relay;
    policy::upstream_timeouts upstream;  // what a provider gets that sets none of its own
    log::settings logging;
    storage_settings storage;
    std::vector<policy::provider> providers;  // without the built-in echo, which the snapshot adds
    std::vector<policy::model_rule> models;
    std::string file;                   // that was read; empty: none
    std::vector<std::string> warnings;  // one line each, for the log
};

// Flags of the command line that override settings.
struct overrides {
    std::optional<std::string> config;
    std::optional<std::string> data;
    std::optional<std::string> listen;
    std::optional<std::string> threads;
};

struct configuration_text {
    std::string name;  // as shown before line and column; also gives the folder of relative paths
    std::string text;
};

struct configuration_sources {
    overrides flags;
    environment env;
    std::optional<configuration_text> file;  // nullopt: there is none
    vendor_port vendors;
    file_reader read;  // for `file:` values
};

struct loaded_configuration {
    configuration config;  // to be used only when there are no problems
    std::vector<problem> problems;
    bool ok() const noexcept { return problems.empty(); }
};

// The whole of it, from values: no file of its own, no global state. Any thread.
loaded_configuration read_configuration(const configuration_sources& from);

// Finds and reads the file (--config, GAIAROUTER_CONFIG, ./gaiarouter.yaml if there is one), then
// read_configuration. Also called on reload. Blocks on files.
loaded_configuration load_configuration(const overrides& flags,
                                        const environment& env,
                                        const vendor_port& vendors);

// Reads a regular file or pipe of at most `bytes_max`.
file_content read_file(const std::string& path, std::size_t bytes_max = value_bytes_max);

inline constexpr std::string_view default_file = "gaiarouter.yaml";

// What a key of the file is: for the schema's test and for documentation.
enum class value_kind { text, secret, path, texts, pairs, choice, count, bytes, duration };

struct known_key {
    std::string path;  // "server.limits.request_line", "providers[].name"
    value_kind kind = value_kind::text;
    std::optional<std::int64_t> default_number;  // count; bytes; duration in milliseconds
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::vector<std::string_view> choices;
};

// Every key that the reader knows.
std::vector<known_key> known_keys();

}  // namespace gaia::app
