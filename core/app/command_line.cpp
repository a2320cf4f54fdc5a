#include "core/app/command_line.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "core/app/address.hpp"

namespace gaia::app {
namespace {

constexpr int usage_error = 2;
constexpr auto longest_expiry = std::chrono::hours(24 * 3'650);
constexpr std::size_t name_bytes_max = 128;

// Everything any subcommand takes; which of it counts is decided by the subcommand that was given.
struct options {
    std::string config;
    std::string data;
    std::string listen;
    std::string threads;
    std::string name;
    std::string expires;
    std::string permissions = "read,write";
    std::string key;
    bool json = false;
};

struct usage_problem {
    std::string text;
};

std::optional<std::string> given(const CLI::App& at, const char* flag, const std::string& value) {
    const CLI::Option* const option = at.get_option_no_throw(flag);
    return option != nullptr && option->count() > 0 ? std::optional(value) : std::nullopt;
}

overrides overrides_of(const CLI::App& at, const options& o) {
    overrides flags;
    flags.config = given(at, "--config", o.config);
    flags.data = given(at, "--data", o.data);
    flags.listen = given(at, "--listen", o.listen);
    flags.threads = given(at, "--threads", o.threads);
    for (const auto& [flag, value] :
         {std::pair{"--config", flags.config}, {"--data", flags.data}}) {
        if (value && value->empty()) {
            throw usage_problem{fmt::format("{} needs a path", flag)};
        }
    }
    return flags;
}

std::uint8_t parse_permissions(std::string_view text) {
    unsigned bits = 0;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view word = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        if (word == "read") {
            bits |= policy::permission_read;
        } else if (word == "write") {
            bits |= policy::permission_write;
        } else if (word == "admin") {
            bits |= policy::permission_admin;
        } else {
            throw usage_problem{
                fmt::format("--permissions takes read, write and admin, parted by commas, not `{}`",
                            shown(word))};
        }
    }
    if (bits == 0) {
        throw usage_problem{"--permissions needs at least one of read, write and admin"};
    }
    return static_cast<std::uint8_t>(bits);
}

std::chrono::seconds parse_expiry(const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration || *duration < std::chrono::seconds(1) || *duration > longest_expiry) {
        throw usage_problem{
            fmt::format("--expires takes a time from now like 12h or 30d, at most 3650d, not `{}`",
                        shown(text))};
    }
    return std::chrono::duration_cast<std::chrono::seconds>(*duration);
}

keys_create_command create_command(const CLI::App& at, const options& o) {
    keys_create_command create;
    create.flags = overrides_of(at, o);
    create.name = o.name;
    if (create.name.size() > name_bytes_max) {
        throw usage_problem{fmt::format("--name takes at most {} bytes", name_bytes_max)};
    }
    if (given(at, "--expires", o.expires)) {
        create.expires = parse_expiry(o.expires);
    }
    create.permissions = parse_permissions(o.permissions);
    create.json = o.json;
    return create;
}

// The tree of subcommands. Owns nothing but the parser's view of `o`, which must outlive it.
class parser {
public:
    explicit parser(options& o) {
        app_.name("gaiarouter");
        app_.require_subcommand(0, 1);
        serve_ = app_.add_subcommand("serve", "Run the gateway");
        add_places(serve_, o);
        serve_->add_option("--listen", o.listen, "Address to listen on [127.0.0.1:8000]")
            ->type_name("HOST:PORT");
        serve_->add_option("--threads", o.threads, "Threads that serve requests [one per core]")
            ->type_name("N");

        check_ = app_.add_subcommand("check", "Check the configuration and say what is wrong");
        add_places(check_, o);

        keys_ = app_.add_subcommand("keys", "Create, list and revoke API keys");
        keys_->require_subcommand(0, 1);
        create_ = keys_->add_subcommand("create", "Create a key and print it, this one time");
        add_places(create_, o);
        create_->add_option("--name", o.name, "What the key is for")->type_name("TEXT");
        create_->add_option("--expires", o.expires, "Time until it ends, like 12h or 30d [never]")
            ->type_name("TIME");
        create_->add_option("--permissions", o.permissions, "read, write, admin [read,write]")
            ->type_name("LIST");
        add_json(create_, o);
        list_ = keys_->add_subcommand("list", "List the keys");
        add_places(list_, o);
        add_json(list_, o);
        revoke_ = keys_->add_subcommand("revoke", "Revoke a key at once");
        revoke_->add_option("key", o.key, "The key's id, or its beginning as `list` shows it")
            ->type_name("ID|PREFIX")
            ->required();
        add_places(revoke_, o);
        add_json(revoke_, o);

        version_ = app_.add_subcommand("version", "Print the version");
    }

    std::variant<command, exit_with> parse(int argc, const char* const* argv, const options& o) {
        try {
            app_.parse(argc, argv);
            return chosen(o);
        } catch (const CLI::CallForHelp&) {
            return help();
        } catch (const CLI::ParseError& e) {
            return mistake(e.what());
        } catch (const usage_problem& e) {
            return mistake(e.text);
        }
    }

private:
    static void add_places(CLI::App* to, options& o) {
        to->add_option(
              "--config", o.config, "Configuration file [./gaiarouter.yaml if there is one]")
            ->type_name("FILE");
        to->add_option("--data", o.data, "Data folder [~/.local/share/gaiarouter]")
            ->type_name("DIR");
    }
    static void add_json(CLI::App* to, options& o) { to->add_flag("--json", o.json, "Print JSON"); }

    std::variant<command, exit_with> chosen(const options& o) const {
        if (serve_->parsed()) {
            return command(serve_command{overrides_of(*serve_, o)});
        }
        if (check_->parsed()) {
            return command(check_command{overrides_of(*check_, o)});
        }
        if (create_->parsed()) {
            return command(create_command(*create_, o));
        }
        if (list_->parsed()) {
            return command(keys_list_command{overrides_of(*list_, o), o.json});
        }
        if (revoke_->parsed()) {
            return command(keys_revoke_command{overrides_of(*revoke_, o), o.key, o.json});
        }
        if (version_->parsed()) {
            return command(version_command{});
        }
        return help();
    }

    exit_with help() const {
        const CLI::App* at = &app_;
        std::string parents;  // help() adds the name of the command itself
        while (!at->get_subcommands().empty()) {
            parents += (parents.empty() ? "" : " ") + at->get_name();
            at = at->get_subcommands().front();
        }
        return {0, at->help(parents)};
    }

    static exit_with mistake(std::string text) {
        std::replace(text.begin(), text.end(), '\n', ' ');
        return {usage_error, fmt::format("gaiarouter: {} (see gaiarouter --help)\n", text)};
    }

    CLI::App app_{"A self-hosted gateway for language models"};
    CLI::App* serve_ = nullptr;
    CLI::App* check_ = nullptr;
    CLI::App* keys_ = nullptr;
    CLI::App* create_ = nullptr;
    CLI::App* list_ = nullptr;
    CLI::App* revoke_ = nullptr;
    CLI::App* version_ = nullptr;
};

}  // namespace

std::variant<command, exit_with> parse_command_line(int argc, const char* const* argv) {
    options o;
    return parser(o).parse(argc, argv, o);
}

}  // namespace gaia::app
