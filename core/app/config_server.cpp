#include <fmt/format.h>

#include <algorithm>

#include "core/app/address.hpp"
#include "core/app/config_reader.hpp"

// Server, logging and storage.
namespace gaia::app {
namespace {

constexpr std::string_view listen_form = "HOST:PORT, like 127.0.0.1:8000, [::1]:8000 or :8000";

class assembler {
public:
    assembler(const configuration_sources& from,
              const file_contents& contents,
              loaded_configuration& out)
        : from_(from), file_(contents.settings), folder_(contents.folder), out_(out) {}

    void run() {
        out_.config = file_.config;
        listen_of_file();
        listen_of_environment();
        threads();
        tls();
        cors();
        trusted_proxies();
        hosts();
        data_folder();
        logging();
        relations();
    }

private:
    net::settings& server() { return out_.config.server; }
    void say(position at, std::string text) { report(from_, out_.problems, at, std::move(text)); }
    void say(std::string_view name, std::string text) {
        report(out_.problems, name, std::move(text));
    }

    void listen_of_file() {
        if (!file_.listen) {
            return;
        }
        if (const auto where = parse_listen(file_.listen->text)) {
            server().host = where->host;
            server().port = where->port;
        } else {
            say(file_.listen->at,
                fmt::format("`server.listen` expects {}{}", listen_form, not_this(*file_.listen)));
        }
    }

    // --listen, else GAIAROUTER_LISTEN, else HOST and PORT, each for itself.
    void listen_of_environment() {
        if (from_.flags.listen) {
            listen_from("--listen", *from_.flags.listen);
            return;
        }
        if (const auto* text = from_.env.find_filled("GAIAROUTER_LISTEN")) {
            listen_from("GAIAROUTER_LISTEN", *text);
            return;
        }
        if (const auto* host = from_.env.find_filled("HOST")) {
            // Some shells set HOST to the machine's name, which would publish the gateway unasked.
            const auto address = parse_address_range(*host);
            if ((address && host->find('/') == host->npos) || is_loopback(*host)) {
                server().host = *host;
            } else {
                out_.config.warnings.emplace_back(
                    "HOST is no address and not localhost, so it is ignored; use "
                    "GAIAROUTER_LISTEN");
            }
        }
        if (const auto* port = from_.env.find_filled("PORT")) {
            if (const auto number = parse_port(*port)) {
                server().port = *number;
            } else {
                say("PORT", "expects a port from 0 to 65535");
            }
        }
    }

    void listen_from(std::string_view name, const std::string& text) {
        if (const auto where = parse_listen(text)) {
            server().host = where->host;
            server().port = where->port;
        } else {
            say(name, fmt::format("expects {}, not `{}`", listen_form, shown(text)));
        }
    }

    void threads() {
        const auto take = [&](std::string_view name, const std::string& text) {
            const auto number = parse_count(text);
            if (number && *number <= 256) {
                server().threads = static_cast<unsigned>(*number);
            } else {
                say(name,
                    fmt::format("expects a number from 0 (one per core) to 256, not `{}`",
                                shown(text)));
            }
        };
        if (from_.flags.threads) {
            take("--threads", *from_.flags.threads);
        } else if (const auto* text = from_.env.find_filled("GAIAROUTER_THREADS")) {
            take("GAIAROUTER_THREADS", *text);
        }
    }

    std::string path(const std::optional<located>& value, std::string_view label) {
        if (!value) {
            return {};
        }
        if (value->text.empty()) {
            say(value->at, fmt::format("`{}` is empty", label));
            return {};
        }
        if (value->text.find('\n') != std::string::npos) {
            say(value->at,
                fmt::format("`{}` expects a path and not what is in the file: leave out `file:`",
                            label));
            return {};
        }
        return resolve_path(folder_, value->text);
    }

    void tls() {
        server().tls.certificate = path(file_.certificate, "server.tls.certificate");
        server().tls.key = path(file_.key, "server.tls.key");
        if (file_.certificate.has_value() != file_.key.has_value()) {
            say(file_.certificate ? file_.certificate->at : file_.key->at,
                "`server.tls` needs both `certificate` and `key`");
        }
    }

    static bool is_web_origin(const std::string& text) {
        if (text == "*") {
            return true;
        }
        const auto where = policy::parse_origin(text);
        return where && where->path.empty() && !text.ends_with('/');
    }

    void cors() {
        static constexpr std::string_view form =
            "expects `*` or origins like https://example.com, without a path";
        auto& origins = server().cors_origins;
        for (const located& value : file_.cors_origins) {
            if (is_web_origin(value.text)) {
                origins.push_back(value.text);
            } else {
                say(value.at, fmt::format("`server.cors.origins` {}{}", form, not_this(value)));
            }
        }
        const auto* list = from_.env.find_filled("CORS_ORIGINS");
        if (list == nullptr) {
            return;
        }
        origins.clear();
        std::string_view rest(*list);
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            std::string item(rest.substr(0, comma));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            std::erase(item, ' ');
            if (item.empty()) {
                continue;
            }
            if (is_web_origin(item)) {
                origins.push_back(std::move(item));
            } else {
                say("CORS_ORIGINS", fmt::format("{}, not `{}`", form, shown(item)));
            }
        }
    }

    void trusted_proxies() {
        for (const located& value : file_.trusted_proxies) {
            if (parse_address_range(value.text)) {
                server().trusted_proxies.push_back(value.text);
            } else {
                say(value.at,
                    fmt::format("`server.trusted_proxies` expects addresses or ranges like "
                                "10.0.0.0/8, without bits beyond the length{}",
                                not_this(value)));
            }
        }
    }

    void hosts() {
        for (const located& value : file_.hosts) {
            if (is_host(value.text)) {
                server().hosts.push_back(value.text);
            } else {
                say(value.at,
                    fmt::format("`server.hosts` expects names like gateway.example.com, without a "
                                "port{}",
                                not_this(value)));
            }
        }
    }

    void data_folder() {
        std::string& folder = out_.config.storage.data_folder;
        folder = path(file_.data, "storage.data");
        if (from_.flags.data) {
            folder = *from_.flags.data;
            if (folder.empty()) {
                say("--data", "is empty");
            }
        } else if (const auto* text = from_.env.find_filled("GAIAROUTER_DATA")) {
            folder = *text;
        } else if (!file_.data) {
            folder = default_data_folder(from_.env);
        }
    }

    // A variable of this program must be right; one that others use as well is only heeded.
    void choice(std::string_view own,
                std::string_view shared,
                std::string_view path_of_setting,
                std::int64_t& value) {
        const auto table = file_settings();
        const auto row = std::find_if(
            table.begin(), table.end(), [&](const auto& r) { return r.path == path_of_setting; });
        if (const auto* text = from_.env.find_filled(own)) {
            if (const auto index = find_choice(row->choices, *text)) {
                value = *index;
            } else {
                say(own,
                    fmt::format("expects {}, not `{}`", join_choices(row->choices), shown(*text)));
            }
        } else if (const auto* other = from_.env.find_filled(shared)) {
            if (const auto index = find_choice(row->choices, *other)) {
                value = *index;
            } else {
                out_.config.warnings.push_back(fmt::format(
                    "{} is none of {}, so it is ignored", shared, join_choices(row->choices)));
            }
        }
    }

    void logging() {
        auto& how = out_.config.logging;
        auto threshold = static_cast<std::int64_t>(how.threshold);
        choice("GAIAROUTER_LOG_LEVEL", "LOG_LEVEL", "logging.level", threshold);
        how.threshold = static_cast<log::level>(threshold);
        auto shape = static_cast<std::int64_t>(how.shape);
        choice("GAIAROUTER_LOG_FORMAT", "", "logging.format", shape);
        how.shape = static_cast<log::format>(shape);
        how.file = path(file_.log_file, "logging.file");
    }

    // What only shows when all is known.
    void relations() {
        const net::limits& limit = server().limits;
        if (limit.request_line > limit.request_head) {
            report(from_,
                   out_.problems,
                   {},
                   "`server.limits.request_line` is larger than `server.limits.request_head`, "
                   "which counts it in");
        }
        if (!is_loopback(server().host) && server().tls.certificate.empty() &&
            server().trusted_proxies.empty()) {
            out_.config.warnings.push_back(fmt::format(
                "{} is a public address without TLS: keys and prompts can be read on "
                "the way; set server.tls, or server.trusted_proxies behind a proxy that "
                "does TLS",
                to_authority(server().host, server().port)));
        }
    }

    const configuration_sources& from_;
    const file_draft& file_;
    const std::string& folder_;
    loaded_configuration& out_;
};

}  // namespace

void apply_settings(const configuration_sources& from,
                    const file_contents& contents,
                    loaded_configuration& out) {
    assembler(from, contents, out).run();
}

}  // namespace gaia::app
