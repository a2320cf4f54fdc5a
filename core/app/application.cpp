#include "core/app/application.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "core/admin/admin.hpp"
#include "core/app/catalog_ports.hpp"
#include "core/app/check.hpp"
#include "core/app/echo_call.hpp"
#include "core/app/first_run.hpp"
#include "core/app/key_book.hpp"
#include "core/app/observation.hpp"
#include "core/app/provider_rules.hpp"
#include "core/app/stored_providers.hpp"
#include "core/base/log.hpp"
#include "core/base/version.hpp"
#include "core/net/server.hpp"
#include "core/observe/metrics.hpp"
#include "core/relay/relay.hpp"
#include "core/store/passwords.hpp"
#include "core/store/store.hpp"
#include "providers/openai_chat/openai_chat.hpp"

namespace gaia::app {
namespace {

constexpr std::chrono::milliseconds log_flush_period{200};
constexpr std::chrono::seconds flush_patience{10};
constexpr std::chrono::seconds second_signal_patience{1};
constexpr std::size_t preset_key_characters_min = 32;
constexpr std::string_view chat_route = "/v1/chat/completions";

std::string text_of(const environment& env, std::string_view name) {
    const auto* value = env.find_filled(name);
    return value != nullptr ? *value : std::string();
}

void complain(std::string_view sentence) {
    fmt::print(stderr, "gaiarouter: {}\n", sentence);
}

}  // namespace

struct application::parts {
    configuration config;
    std::unique_ptr<store::store> kept;
    key_book keys;
    std::mutex snapshot_mutex;  // one snapshot is built at a time; guards config and stored after
                                // the start
    std::vector<admin::stored_provider> stored;
    vendor_port vendors = make_vendor_port();
    policy::snapshot_cell snapshots;
    providers::openai_chat openai_chat;
    std::unique_ptr<observe::metrics> metrics;
    std::unique_ptr<relay::relay> relay;
    std::unique_ptr<admin::services> admin;
    std::unique_ptr<net::server> server;
    first_run made;
    bool is_first_start = false;

    boost::asio::io_context main_loop{1};
    boost::asio::signal_set signals{main_loop, SIGTERM, SIGINT, SIGHUP};
    boost::asio::steady_timer log_timer{main_loop};
    boost::asio::steady_timer last_timer{main_loop};
    std::thread joiner;  // waits for the server's threads, as the main thread waits for signals
    bool stopping = false;
    bool drained = false;

    void publish_snapshot() {
        const std::lock_guard lock(snapshot_mutex);
        auto providers = config.providers;
        for (const auto& each : stored) {
            if (auto built = make_stored_provider(each, config, vendors)) {
                providers.push_back(std::move(*built));
            }
        }
        for (auto& provider : providers) {
            provider.head_bytes_max = config.server.limits.upstream_head;
        }
        snapshots.set(std::make_shared<const policy::snapshot>(
            keys.copy(), std::move(providers), config.models, make_catalog_port()));
    }
    void keep_log_flushed() {
        log_timer.expires_after(log_flush_period);
        log_timer.async_wait([this](const boost::system::error_code& ec) {
            if (!ec) {
                log::flush();
                keep_log_flushed();
            }
        });
    }
};

application::application(overrides flags, environment env)
    : flags_(std::move(flags)), env_(std::move(env)), parts_(std::make_unique<parts>()) {}

application::~application() = default;

int application::run() {
    try {
        if (!load() || !open_store() || !first_start()) {
            return 1;
        }
        build();
        wait_for_signals();
        return shut_down();
    } catch (const std::exception& problem) {
        complain(problem.what());
        return 1;
    }
}

bool application::load() {
    auto loaded = load_configuration(flags_, env_, make_vendor_port());
    if (!loaded.ok()) {
        fmt::print(stderr, "{}", list_problems(loaded.problems));
        return false;
    }
    parts_->config = std::move(loaded.config);
    log::open(parts_->config.logging);
    for (const auto& warning : parts_->config.warnings) {
        log::warn(warning);
    }
    return true;
}

bool application::open_store() {
    auto folder = store::data_folder::open(parts_->config.storage.data_folder);
    if (!folder) {
        complain(folder.error().text());
        return false;
    }
    store::store_options options;
    options.master_key = text_of(env_, "GAIAROUTER_MASTER_KEY");
    options.ledger_limit_bytes = parts_->config.storage.ledger_size;
    auto opened = store::store::open(std::move(*folder), options);
    if (!opened) {
        complain(opened.error().text());
        return false;
    }
    parts_->kept = std::move(*opened);
    const auto& recovered = parts_->kept->recovered();
    if (recovered.settled + recovered.interrupted > 0) {
        log::warn("the last process did not end in order: its requests were recovered",
                  {{"completed", recovered.settled}, {"interrupted", recovered.interrupted}});
    }
    return true;
}

// What the first start makes, and the presets of every start.
bool application::first_start() {
    auto& kept = *parts_->kept;
    const auto fresh = kept.call<bool>(store::access::read,
                                       [](store::database& db) { return store::needs_owner(db); });
    if (!fresh) {
        complain(fresh.error().text());
        return false;
    }
    const auto preset_key = text_of(env_, "GAIAROUTER_ADMIN_KEY");
    const auto preset_password = text_of(env_, "GAIAROUTER_ADMIN_PASSWORD");
    if (!preset_key.empty() && preset_key.size() < preset_key_characters_min) {
        complain("GAIAROUTER_ADMIN_KEY must have at least 32 characters.");
        return false;
    }
    if (!preset_password.empty() && preset_password.size() < store::password_characters_min) {
        complain("GAIAROUTER_ADMIN_PASSWORD must have at least 12 characters.");
        return false;
    }
    const auto now = wall_now();
    if (*fresh) {
        parts_->is_first_start = true;
        const std::string password = preset_password.empty() ? random_base62(20) : preset_password;
        const std::string hash = store::hash_password(password);
        const auto owner =
            kept.call<store::user_record>(store::access::write, [hash, now](store::database& db) {
                return store::create_owner(db, "admin", hash, now);
            });
        if (!owner) {
            complain(owner.error().text());
            return false;
        }
        if (preset_password.empty()) {
            parts_->made.password = password;
        }
        if (preset_key.empty()) {
            store::new_key wanted;
            wanted.name = "First key";
            const auto key = kept.call<store::created_key>(
                store::access::write,
                [wanted, now](store::database& db) { return store::create_key(db, wanted, now); });
            if (!key) {
                complain(key.error().text());
                return false;
            }
            parts_->made.key = key->key.expose();
        }
    }
    using preset = std::optional<policy::key_record>;
    const auto ensured =
        kept.call<preset>(store::access::write, [preset_key, now](store::database& db) {
            return store::ensure_preset_admin_key(db, preset_key, now);
        });
    auto keys = kept.load_keys();
    auto stored = kept.call<std::vector<admin::stored_provider>>(
        store::access::read, [&vault = kept.keys_vault()](store::database& db) {
            return admin::load_stored_providers(db, vault);
        });
    if (!ensured || !keys || !stored) {
        const failure problem = !ensured ? ensured.error() : !keys ? keys.error() : stored.error();
        complain(problem.text());
        return false;
    }
    parts_->stored = std::move(*stored);
    parts_->keys.fill(std::move(*keys));
    return true;
}

void application::build() {
    auto& p = *parts_;
    const auto& config = p.config;
    p.publish_snapshot();

    net::routes table;
    p.admin = std::make_unique<admin::services>(admin::services{
        *p.kept, *(p.metrics = std::make_unique<observe::metrics>(256)), {}, {}, {}, {}});
    net::server_hooks hooks;
    hooks.render_error = [&p](const failure& f, std::string_view id) {
        return p.openai_chat.render_error(f, id);
    };
    hooks.finished = [&p](const net::server_hooks::exchange_end& end) {
        const auto route = end.route.empty() ? std::string_view("none") : end.route;
        p.metrics->http(end.thread,
                        end.method,
                        route,
                        end.status,
                        std::chrono::duration<double>(end.took).count());
        if (route != chat_route) {  // the relay knows more of its requests, and logs them itself
            log_exchange(end, route);
        }
    };
    admin::add_health_routes(table, *p.admin);
    admin::add_model_routes(table, *p.admin);
    admin::add_metrics_route(table, *p.admin);
    admin::add_key_routes(table, *p.admin);
    admin::add_provider_routes(table, *p.admin);
    admin::add_pages(table);
    table.add({"POST", std::string(chat_route), [&p](net::exchange& ex) {
                   return p.relay->chat_completions(ex);
               }});
    p.server = std::make_unique<net::server>(config.server, std::move(table), std::move(hooks));

    relay::services around{p.snapshots, p.kept->usage(), p.openai_chat, &make_echo_call, {}, {}};
    around.finished = [&p](const relay::outcome& o) {
        p.metrics->request(o.thread, sample_of(o.row));
    };
    around.upstream_error = [&p](unsigned thread, std::string_view provider, errc what) {
        p.metrics->upstream_error(thread, provider, info(what).metric);
    };
    p.relay = std::make_unique<relay::relay>(
        around, config.relay, config.server.limits.request_body, p.server->threads());

    p.admin->snapshot_of = [&p](unsigned thread) { return p.relay->snapshot_of(thread); };
    p.admin->ready = [&p] { return !p.server->is_draining() && !p.kept->stats().failing; };
    p.admin->key_changed = [&p](policy::key_record key) {
        p.keys.change(std::move(key));
        p.publish_snapshot();
    };
    p.admin->providers.is_name = &is_provider_name;
    p.admin->providers.is_credential = &is_credential;
    p.admin->providers.vendor_needs_address = [&p](std::string_view vendor) -> std::optional<bool> {
        const auto* facts = p.vendors.find(vendor);
        return facts != nullptr ? std::optional(facts->base_url.empty()) : std::nullopt;
    };
    p.admin->providers.changed = [&p](std::vector<admin::stored_provider> rows) {
        {
            const std::lock_guard lock(p.snapshot_mutex);
            p.stored = std::move(rows);
        }
        p.publish_snapshot();
    };
    add_metric_sources(*p.metrics, *p.kept, *p.relay, *p.server);

    p.server->listen(p.kept->folder() + "/control.sock");
    p.server->start();
    const auto address = address_for_people(config.server, p.server->port());
    if (p.is_first_start) {
        p.made.address = address;
        p.made.data_folder = p.kept->folder();
        fmt::print("{}", render_first_run(p.made));
        p.made = {};
    }
    std::fflush(stdout);
    log::info("listening",
              {{"address", address},
               {"version", version},
               {"threads", p.server->threads()},
               {"pid", ::getpid()}});
    log::flush();
}

void application::wait_for_signals() {
    auto& p = *parts_;
    p.keep_log_flushed();
    const auto wait = [this, &p](const auto& again) -> void {
        p.signals.async_wait([this, &p, again](const boost::system::error_code& ec, int signal) {
            if (ec) {
                return;
            }
            if (signal == SIGHUP) {
                reload();
            } else if (!p.stopping) {
                p.stopping = true;
                log::info("shutting down", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
                p.server->drain();
                p.joiner = std::thread([&p] {
                    p.server->join();
                    boost::asio::post(p.main_loop, [&p] {
                        p.drained = true;
                        p.main_loop.stop();
                    });
                });
            } else {
                p.server->drain_now();
                p.last_timer.expires_after(second_signal_patience);
                p.last_timer.async_wait([&p](const boost::system::error_code& cancelled) {
                    if (!cancelled) {
                        p.main_loop.stop();
                    }
                });
            }
            again(again);
        });
    };
    wait(wait);
    p.main_loop.run();
}

void application::reload() {
    auto& p = *parts_;
    auto loaded = load_configuration(flags_, env_, make_vendor_port());
    if (!loaded.ok()) {
        for (const auto& problem : loaded.problems) {
            log::error("the configuration was not reloaded: " + to_string(problem));
        }
        return;
    }
    try {
        p.server->change(loaded.config.server);
    } catch (const std::exception& problem) {
        log::error(std::string("the configuration was not reloaded: ") + problem.what());
        return;
    }
    for (const auto& warning : loaded.config.warnings) {
        log::warn(warning);
    }
    {
        const std::lock_guard lock(p.snapshot_mutex);
        p.config = std::move(loaded.config);
    }
    log::open(p.config.logging);
    p.relay->change(p.config.relay, p.config.server.limits.request_body);
    p.publish_snapshot();
    log::info("the configuration was reloaded",
              {{"providers", p.config.providers.size()}, {"models", p.config.models.size()}});
}

int application::shut_down() {
    auto& p = *parts_;
    const bool flushed = p.kept->flush(flush_patience);
    if (!flushed) {
        log::error(
            "usage rows could not be written; they are kept in the ledger for the next start");
    }
    log::info("stopped");
    if (!p.drained) {
        // A second signal does not wait for connections that do not end; what was settled is safe.
        log::flush();
        std::_Exit(0);
    }
    p.joiner.join();
    p.kept->stop();
    log::flush();
    return 0;
}

}  // namespace gaia::app
