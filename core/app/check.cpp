#include "core/app/check.hpp"

#include <fmt/format.h>

#include <iterator>

#include "core/app/address.hpp"

namespace gaia::app {
namespace {

std::string describe(const policy::provider& p) {
    if (p.builtin_echo) {
        return fmt::format("  {} (echo)", p.name);
    }
    std::string text = fmt::format("  {} ({}) {}://{}{}",
                                   p.name,
                                   p.vendor,
                                   p.where.tls ? "https" : "http",
                                   p.where.authority(),
                                   p.where.path);
    text += p.api_key.empty() ? ", no key" : ", with a key";
    if (p.proxy) {
        text += fmt::format(", through the proxy {}", p.proxy->authority());
    }
    return text;
}

std::string describe(const policy::model_rule& rule) {
    return fmt::format(
        "  {} -> {}{}", rule.name, rule.provider, rule.model.empty() ? "" : "/" + rule.model);
}

}  // namespace

std::string list_problems(const std::vector<problem>& problems) {
    std::string text;
    for (const problem& p : problems) {
        text += to_string(p) + "\n";
    }
    return text;
}

check_report report_check(const loaded_configuration& loaded) {
    if (!loaded.ok()) {
        const std::size_t count = loaded.problems.size();
        return {1,
                list_problems(loaded.problems) +
                    fmt::format("{} problem{}\n", count, count == 1 ? "" : "s")};
    }
    const configuration& c = loaded.config;
    std::string text;
    auto out = std::back_inserter(text);
    fmt::format_to(out, "{}: ok\n", c.file.empty() ? "no configuration file" : c.file);
    fmt::format_to(out,
                   "listen: {}://{}\n",
                   c.server.tls.certificate.empty() ? "http" : "https",
                   to_authority(c.server.host, c.server.port));
    fmt::format_to(out, "data: {}\n", c.storage.data_folder);
    fmt::format_to(out, "providers: {} and the built-in echo\n", c.providers.size());
    for (const policy::provider& p : c.providers) {
        text += describe(p) + "\n";
    }
    if (c.models.empty()) {
        text += "models: provider/model, and plain names that the catalogue knows\n";
    } else {
        fmt::format_to(out, "models: {}\n", c.models.size());
        for (const policy::model_rule& rule : c.models) {
            text += describe(rule) + "\n";
        }
    }
    for (const std::string& warning : c.warnings) {
        text += "warning: " + warning + "\n";
    }
    return {0, text};
}

}  // namespace gaia::app
