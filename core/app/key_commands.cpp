#include "core/app/key_commands.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <functional>

#include "core/admin/key_json.hpp"
#include "core/app/catalog_ports.hpp"
#include "core/app/check.hpp"
#include "core/app/control_client.hpp"
#include "core/base/log.hpp"
#include "core/store/store.hpp"

namespace gaia::app {
namespace {

namespace json = boost::json;

constexpr int keys_per_page = 100;

int complain(std::string_view sentence) {
    fmt::print(stderr, "gaiarouter: {}\n", sentence);
    return 1;
}

std::string text(const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : std::string("-");
}

// The data folder of the configuration, its store when nobody holds it, or the way to who does.
class key_access {
public:
    bool open(const overrides& flags, const environment& env) {
        auto loaded = load_configuration(flags, env, make_vendor_port());
        if (!loaded.ok()) {
            fmt::print(stderr, "{}", list_problems(loaded.problems));
            return false;
        }
        folder_ = loaded.config.storage.data_folder;
        auto held = store::data_folder::open(folder_);
        if (!held) {
            in_use_ = held.error().what == errc::conflict;
            if (!in_use_) {
                complain(held.error().text());
            }
            return in_use_;
        }
        store::store_options options;
        if (const auto* key = env.find_filled("GAIAROUTER_MASTER_KEY")) {
            options.master_key = *key;
        }
        auto opened = store::store::open(std::move(*held), options);
        if (!opened) {
            complain(opened.error().text());
            return false;
        }
        kept_ = std::move(*opened);
        return true;
    }
    store::store* direct() noexcept { return kept_.get(); }

    // Through the running gateway. nullopt after complaining.
    std::optional<json::value> ask(std::string_view method,
                                   std::string_view target,
                                   const std::string& body = {}) {
        const auto answer = call_control_socket(folder_, method, target, body);
        if (!answer) {
            complain(answer.error().text());
            return std::nullopt;
        }
        boost::system::error_code ec;
        auto value = json::parse(answer->body, ec);
        if (ec || !value.is_object()) {
            complain("The running gateway gave an answer that cannot be read.");
            return std::nullopt;
        }
        if (answer->status >= 300) {
            const auto* error = value.get_object().if_contains("error");
            complain(error != nullptr && error->is_object()
                         ? text(error->get_object().at("message"))
                         : std::string("The running gateway refused."));
            return std::nullopt;
        }
        return value;
    }

private:
    std::string folder_;
    bool in_use_ = false;
    std::unique_ptr<store::store> kept_;
};

void print_row(const json::object& row) {
    std::string permissions;
    if (const auto* list = row.if_contains("permissions"); list != nullptr && list->is_array()) {
        for (const auto& item : list->get_array()) {
            permissions += (permissions.empty() ? "" : ",") + text(item);
        }
    }
    const auto field = [&row](const char* name) {
        const auto* value = row.if_contains(name);
        return value != nullptr ? text(*value) : std::string("-");
    };
    fmt::print("{:<8} {:<24} {}...{}  {:<9} {:<17} {}\n",
               field("id"),
               field("name"),
               field("prefix"),
               field("last_four"),
               field("status"),
               permissions,
               field("created_at"));
}

}  // namespace

int run(const keys_create_command& wanted, const environment& env) {
    key_access access;
    if (!access.open(wanted.flags, env)) {
        return 1;
    }
    store::new_key fresh;
    fresh.name = wanted.name.empty() ? "Default API Key" : wanted.name;
    fresh.permissions = wanted.permissions;
    if (wanted.expires) {
        fresh.expires = unix_micros{wall_now().value + wanted.expires->count() * 1'000'000};
    }
    json::object row;
    if (auto* kept = access.direct()) {
        const auto made = kept->call<store::created_key>(
            store::access::write,
            [fresh](store::database& db) { return store::create_key(db, fresh, wall_now()); });
        if (!made) {
            return complain(made.error().text());
        }
        row = admin::describe_key(made->record);
        row["key"] = made->key.expose();
    } else {
        json::object body{{"name", fresh.name},
                          {"permissions", admin::describe_permissions(fresh.permissions)}};
        if (fresh.expires) {
            body["expires_at"] = to_iso8601(*fresh.expires).substr(0, 19) + "Z";
        }
        auto answer = access.ask("POST", "/v1/api-keys", json::serialize(body));
        if (!answer) {
            return 1;
        }
        row = answer->get_object();
    }
    if (wanted.json) {
        fmt::print("{}\n", std::string(json::serialize(row)));
    } else {
        fmt::print("{}\n", text(row["key"]));
        fmt::print(stderr,
                   "{} \"{}\" was created. The key is shown this once.\n",
                   text(row["id"]),
                   text(row["name"]));
    }
    return 0;
}

int run(const keys_list_command& wanted, const environment& env) {
    key_access access;
    if (!access.open(wanted.flags, env)) {
        return 1;
    }
    json::array rows;
    if (auto* kept = access.direct()) {
        const auto keys = kept->load_keys();
        if (!keys) {
            return complain(keys.error().text());
        }
        for (const auto& key : *keys) {
            rows.push_back(admin::describe_key(key));
        }
    } else {
        for (int page = 1;; ++page) {
            auto answer = access.ask(
                "GET", fmt::format("/v1/api-keys?page={}&limit={}", page, keys_per_page));
            if (!answer) {
                return 1;
            }
            auto& part = answer->get_object()["data"].get_array();
            const auto count = part.size();
            for (auto& row : part) {
                rows.push_back(std::move(row));
            }
            if (count < keys_per_page) {
                break;
            }
        }
    }
    if (wanted.json) {
        fmt::print("{}\n", std::string(json::serialize(rows)));
        return 0;
    }
    for (const auto& row : rows) {
        print_row(row.get_object());
    }
    return 0;
}

int run(const keys_revoke_command& wanted, const environment& env) {
    key_access access;
    if (!access.open(wanted.flags, env)) {
        return 1;
    }
    std::string id;
    if (auto* kept = access.direct()) {
        const auto revoked = kept->call<policy::key_record>(
            store::access::write, [name = wanted.key](store::database& db) {
                const auto key = store::find_key(db, name);
                return key ? store::revoke_key(db, key->id, wall_now()) : key;
            });
        if (!revoked) {
            return complain(revoked.error().text());
        }
        id = to_string(revoked->id);
    } else {
        if (wanted.key.find_first_not_of(
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_") !=
            std::string::npos) {
            return complain("No such key.");
        }
        auto answer = access.ask("DELETE", "/v1/api-keys/" + wanted.key);
        if (!answer) {
            return 1;
        }
        id = text(answer->get_object()["id"]);
    }
    if (wanted.json) {
        fmt::print("{}\n",
                   std::string(json::serialize(json::object{{"id", id}, {"status", "inactive"}})));
    } else {
        fmt::print("{} is revoked.\n", id);
    }
    return 0;
}

}  // namespace gaia::app
