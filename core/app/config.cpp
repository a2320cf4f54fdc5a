#include "core/app/config.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <tuple>

#include "core/app/config_reader.hpp"
#include "core/app/document.hpp"

namespace gaia::app {
namespace {

bool before(const problem& a, const problem& b) {
    return std::tie(a.at.line, a.at.column, a.source, a.text) <
           std::tie(b.at.line, b.at.column, b.source, b.text);
}

bool exists(const std::string& path) {
    struct stat what{};
    return stat(path.c_str(), &what) == 0 || errno != ENOENT;
}

// What a file's name is given by, for messages; the name itself.
struct file_choice {
    std::string_view given_by;
    std::string path;
};

std::optional<file_choice> choose_file(const overrides& flags, const environment& env) {
    if (flags.config) {
        return file_choice{"--config", *flags.config};
    }
    if (const std::string* const path = env.find_filled("GAIAROUTER_CONFIG")) {
        return file_choice{"GAIAROUTER_CONFIG", *path};
    }
    if (exists(std::string(default_file))) {
        return file_choice{"", std::string(default_file)};
    }
    return std::nullopt;
}

}  // namespace

const vendor_facts* vendor_port::find(std::string_view id_or_alias) const noexcept {
    const auto at = std::find_if(vendors.begin(), vendors.end(), [&](const vendor_facts& v) {
        return v.id == id_or_alias ||
               std::find(v.aliases.begin(), v.aliases.end(), id_or_alias) != v.aliases.end();
    });
    return at == vendors.end() ? nullptr : &*at;
}

loaded_configuration read_configuration(const configuration_sources& from) {
    loaded_configuration out;
    const file_contents contents = read_contents(from, out.problems);
    apply_settings(from, contents, out);
    apply_providers(from, contents, out);
    apply_models(from, contents, out);
    std::sort(out.problems.begin(), out.problems.end(), before);
    return out;
}

file_content read_file(const std::string& path, std::size_t bytes_max) {
    const auto system_text = [](int error) { return std::generic_category().message(error); };
    struct stat what{};
    if (stat(path.c_str(), &what) != 0) {
        return {{}, system_text(errno)};
    }
    if (S_ISDIR(what.st_mode)) {
        return {{}, "is a folder"};
    }
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                               &std::fclose);
    if (!file) {
        return {{}, system_text(errno)};
    }
    file_content content;
    content.text.resize(bytes_max + 1);
    content.text.resize(std::fread(content.text.data(), 1, content.text.size(), file.get()));
    if (std::ferror(file.get()) != 0) {
        return {{}, "cannot be read"};
    }
    if (content.text.size() > bytes_max) {
        return {{}, fmt::format("is larger than {} bytes", bytes_max)};
    }
    return content;
}

loaded_configuration load_configuration(const overrides& flags,
                                        const environment& env,
                                        const vendor_port& vendors) {
    configuration_sources from;
    from.flags = flags;
    from.env = env;
    from.vendors = vendors;
    from.read = [](const std::string& path) { return read_file(path); };
    if (const auto choice = choose_file(flags, env)) {
        file_content content = read_file(choice->path, document_bytes_max);
        if (!content.error.empty()) {
            loaded_configuration out;
            const std::string by =
                choice->given_by.empty() ? "" : fmt::format(" (given by {})", choice->given_by);
            out.problems.push_back({choice->path, {}, content.error + by});
            return out;
        }
        from.file = configuration_text{choice->path, std::move(content.text)};
    }
    return read_configuration(from);
}

}  // namespace gaia::app
