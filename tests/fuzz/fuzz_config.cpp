#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/app/check.hpp"
#include "core/app/config.hpp"
#include "core/policy/snapshot.hpp"

// Any text as a configuration file: it is refused with places inside the text, or what it says can
// be used. The secret of the environment never shows.
namespace {

using namespace gaia;

constexpr std::string_view planted = "sk-planted-8f3a";

app::configuration_sources sources(std::string_view text) {
    app::configuration_sources from;
    from.env = app::environment({{"SECRET", std::string(planted)}, {"HOME", "/home/someone"}});
    from.file = app::configuration_text{"fuzz.yaml", std::string(text)};
    app::vendor_facts openai;
    openai.id = "openai";
    openai.dialect = "openai_chat";
    openai.base_url = "https://api.openai.com/v1";
    openai.key_env = {"OPENAI_API_KEY"};
    from.vendors.vendors = {openai};
    from.read = [](const std::string&) { return app::file_content{"from a file\n", ""}; };
    return from;
}

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto loaded = app::read_configuration(sources(text));
    const bool planted_by_input = text.find(planted) != text.npos;
    for (const auto& problem : loaded.problems) {
        require(!problem.text.empty());
        require(problem.at.line >= 0 && problem.at.column >= 0);
        require(planted_by_input || to_string(problem).find(planted) == std::string::npos);
    }
    const auto report = app::report_check(loaded);
    require(report.exit_code == (loaded.ok() ? 0 : 1));
    if (loaded.ok()) {
        const policy::snapshot snapshot({}, loaded.config.providers, loaded.config.models, {});
        require(snapshot.resolve("echo/echo-1").has_value() || !loaded.config.models.empty());
        for (const auto& rule : loaded.config.models) {
            if (!rule.name.ends_with('*')) {
                require(snapshot.resolve(rule.name).has_value());
            }
        }
    }
    return 0;
}
