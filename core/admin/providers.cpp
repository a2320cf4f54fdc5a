#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/admin/admin.hpp"
#include "core/base/log.hpp"
#include "core/net/address.hpp"
#include "core/net/io_thread.hpp"
#include "core/policy/authenticate.hpp"
#include "core/store/store.hpp"

// Providers entered through the API: stored with a sealed credential, reached at public addresses
// over TLS only. Those of the configuration are listed beside them and are the operator's to
// change.
namespace gaia::admin {
namespace {

namespace json = boost::json;
using records = std::vector<stored_provider>;

constexpr std::size_t body_max = 64 * 1024;
constexpr std::size_t text_max = 2048;

failure invalid(std::string_view field, std::string_view why) {
    return fail(
        errc::validation_failed, std::string(field) + ": " + std::string(why), std::string(field));
}

json::object describe(const store::provider_record& row) {
    return {{"id", to_string(row.id)},
            {"object", "provider"},
            {"name", row.name},
            {"vendor", row.vendor},
            {"base_url", row.base_url.empty() ? json::value(nullptr) : json::value(row.base_url)},
            {"enabled", row.enabled},
            {"has_api_key", row.has_credential},
            {"source", "api"},
            {"created_at", to_iso8601(row.created)},
            {"updated_at", to_iso8601(row.updated)}};
}

json::object describe(const policy::provider& row) {
    return {{"id", row.name},
            {"object", "provider"},
            {"name", row.name},
            {"vendor", row.vendor},
            {"enabled", true},
            {"has_api_key", !row.api_key.empty()},
            {"source", row.builtin_echo ? "builtin" : "configuration"}};
}

// Where the gateway will call must be a public host over TLS; what it resolves to is checked again
// each time it is dialled.
result<void> check_address(std::string_view url) {
    const auto where = policy::parse_origin(url);
    if (!where) {
        return invalid("base_url", "must be an https address without user, query and fragment");
    }
    if (!where->tls) {
        return invalid("base_url", "must begin with https://");
    }
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(where->host, no_address);
    const bool name = no_address.failed();
    const auto host = where->host.substr(0, where->host.find_last_not_of('.') + 1);
    if ((!name && !net::is_public_address(address)) ||
        (name && (host.find('.') == std::string::npos || host.ends_with(".internal") ||
                  host.ends_with(".local") || host.ends_with(".localhost")))) {
        return invalid("base_url", "must be a public host");
    }
    return {};
}

struct change_request {
    std::optional<std::string> name;
    std::optional<std::string> vendor;
    std::optional<std::string> base_url;
    std::optional<secret> api_key;
    std::optional<bool> enabled;
};

result<change_request> read_change(std::string_view body, const services& around, bool fresh) {
    boost::system::error_code ec;
    const auto document = json::parse(json::string_view(body.data(), body.size()), ec);
    if (ec || !document.is_object()) {
        return fail(errc::invalid_json);
    }
    change_request wanted;
    for (const auto& [key, value] : document.get_object()) {
        const std::string field(key);
        if (field == "enabled") {
            if (!value.is_bool()) {
                return invalid(field, "must be true or false");
            }
            wanted.enabled = value.get_bool();
            continue;
        }
        const bool known = field == "name" || field == "base_url" || field == "api_key" ||
                           (fresh && field == "vendor");
        if (!known) {
            return invalid(field, "is not a field that can be set");
        }
        if (value.is_null() && field != "name") {
            if (field == "api_key") {
                wanted.api_key = secret();
            }
            continue;
        }
        if (!value.is_string() || value.get_string().size() > text_max) {
            return invalid(field, "must be a string");
        }
        std::string text(value.get_string());
        if (field == "name") {
            if (!around.providers.is_name(text)) {
                return invalid(field, "must consist of letters, digits, '-', '_' and '.'");
            }
            wanted.name = std::move(text);
        } else if (field == "vendor") {
            wanted.vendor = std::move(text);
        } else if (field == "api_key") {
            if (!around.providers.is_credential(text)) {
                return invalid(field, "must consist of visible ASCII characters");
            }
            wanted.api_key = secret(std::move(text));
        } else {
            if (const auto checked = check_address(text); !checked) {
                return checked.error();
            }
            wanted.base_url = std::move(text);
        }
    }
    return wanted;
}

result<store::new_provider> complete(const change_request& wanted, const services& around) {
    if (!wanted.name || !wanted.vendor) {
        return invalid(wanted.name ? "vendor" : "name", "is required");
    }
    const auto needs_address = around.providers.vendor_needs_address(*wanted.vendor);
    if (!needs_address) {
        return invalid("vendor", "is not known");
    }
    if (*needs_address && !wanted.base_url) {
        return invalid("base_url", "is required for this vendor");
    }
    store::new_provider row;
    row.name = *wanted.name;
    row.vendor = *wanted.vendor;
    row.base_url = wanted.base_url.value_or("");
    row.enabled = wanted.enabled.value_or(true);
    return row;
}

bool is_configured_name(const policy::snapshot& known, const std::string& name) {
    return std::any_of(
        known.providers().begin(), known.providers().end(), [&name](const policy::provider& p) {
            return p.name == name && p.id.value <= 0;  // those of the database have positive ids
        });
}

std::optional<provider_id> id_of(const net::exchange& ex) {
    const auto id = parse_prefixed_id("prov_", ex.parameter());
    return id ? std::optional(provider_id{*id}) : std::nullopt;
}

// Brings the snapshot up to date with the database, then answers with the changed row.
net::awaitable<void> publish(net::exchange& ex,
                             const services& around,
                             int status,
                             json::object answer) {
    store::store::operation<records> read = [&vault =
                                                 around.kept.keys_vault()](store::database& db) {
        return load_stored_providers(db, vault);
    };
    auto rows = co_await around.kept.run<records>(store::access::read, std::move(read));
    if (!rows) {
        co_return co_await ex.reply_error(rows.error());
    }
    around.providers.changed(std::move(*rows));
    const std::string text = json::serialize(answer);
    co_await ex.reply(status, "application/json", text);
}

net::awaitable<void> list(net::exchange& ex, const services& around) {
    if (!co_await require_admin(ex, around)) {
        co_return;
    }
    using rows_type = std::vector<store::provider_record>;
    store::store::operation<rows_type> read = [](store::database& db) {
        return store::list_providers(db);
    };
    const auto rows = co_await around.kept.run<rows_type>(store::access::read, std::move(read));
    if (!rows) {
        co_return co_await ex.reply_error(rows.error());
    }
    json::array data;
    const auto known = around.snapshot_of(ex.thread().index());
    for (const auto& row : known->providers()) {
        if (row.id.value <= 0) {
            data.push_back(describe(row));
        }
    }
    for (const auto& row : *rows) {
        data.push_back(describe(row));
    }
    const json::object page{{"object", "list"}, {"data", std::move(data)}};
    const std::string text = json::serialize(page);
    co_await ex.reply(200, "application/json", text);
}

net::awaitable<void> create(net::exchange& ex, const services& around) {
    if (!co_await require_admin(ex, around)) {
        co_return;
    }
    const auto body = co_await ex.read_body(body_max);
    const auto wanted =
        body ? read_change(*body, around, true) : result<change_request>(body.error());
    const auto row =
        wanted ? complete(*wanted, around) : result<store::new_provider>(wanted.error());
    if (!row) {
        co_return co_await ex.reply_error(row.error());
    }
    if (is_configured_name(*around.snapshot_of(ex.thread().index()), row->name)) {
        co_return co_await ex.reply_error(
            fail(errc::conflict, "A provider of this name is configured.", "name"));
    }
    store::store::operation<store::provider_record> work =
        [row = *row,
         credential = wanted->api_key.value_or(secret()),
         &vault = around.kept.keys_vault()](store::database& db) {
            return store::create_provider(db, vault, row, credential, wall_now());
        };
    const auto made =
        co_await around.kept.run<store::provider_record>(store::access::write, std::move(work));
    if (!made) {
        co_return co_await ex.reply_error(made.error());
    }
    log::info("provider created", {{"provider", made->name}, {"vendor", made->vendor}});
    co_await publish(ex, around, 201, describe(*made));
}

net::awaitable<void> change(net::exchange& ex, const services& around) {
    if (!co_await require_admin(ex, around)) {
        co_return;
    }
    const auto id = id_of(ex);
    const auto body = co_await ex.read_body(body_max);
    const auto wanted =
        body ? read_change(*body, around, false) : result<change_request>(body.error());
    if (!wanted || !id) {
        co_return co_await ex.reply_error(wanted ? fail(errc::not_found) : wanted.error());
    }
    if (wanted->name &&
        is_configured_name(*around.snapshot_of(ex.thread().index()), *wanted->name)) {
        co_return co_await ex.reply_error(
            fail(errc::conflict, "A provider of this name is configured.", "name"));
    }
    store::provider_change fields;
    fields.name = wanted->name;
    fields.base_url = wanted->base_url;
    fields.enabled = wanted->enabled;
    fields.credential = wanted->api_key;
    store::store::operation<store::provider_record> work =
        [fields, id = *id, &vault = around.kept.keys_vault()](store::database& db) {
            return store::update_provider(db, vault, id, fields, wall_now());
        };
    const auto changed =
        co_await around.kept.run<store::provider_record>(store::access::write, std::move(work));
    if (!changed) {
        co_return co_await ex.reply_error(changed.error());
    }
    log::info("provider changed", {{"provider", changed->name}});
    co_await publish(ex, around, 200, describe(*changed));
}

net::awaitable<void> remove(net::exchange& ex, const services& around) {
    if (!co_await require_admin(ex, around)) {
        co_return;
    }
    const auto id = id_of(ex);
    if (!id) {
        co_return co_await ex.reply_error(fail(errc::not_found));
    }
    store::store::operation<void> work = [id = *id](store::database& db) {
        return store::remove_provider(db, id);
    };
    const auto removed = co_await around.kept.run<void>(store::access::write, std::move(work));
    if (!removed) {
        co_return co_await ex.reply_error(removed.error());
    }
    log::info("provider removed", {{"provider", to_string(*id)}});
    json::object answer{{"message", "The provider " + to_string(*id) + " is removed."},
                        {"id", to_string(*id)}};
    co_await publish(ex, around, 200, std::move(answer));
}

}  // namespace

result<records> load_stored_providers(store::database& db, const store::vault& vault) {
    const auto rows = store::list_providers(db);
    if (!rows) {
        return rows.error();
    }
    records all;
    for (const auto& row : *rows) {
        auto credential = store::provider_credential(db, vault, row.id);
        if (!credential) {
            return credential.error();
        }
        all.push_back({row, std::move(*credential)});
    }
    return all;
}

void add_provider_routes(net::routes& table, services& around) {
    table.add({"GET", "/v1/providers", [&around](net::exchange& ex) { return list(ex, around); }});
    table.add(
        {"POST", "/v1/providers", [&around](net::exchange& ex) { return create(ex, around); }});
    table.add({"PATCH", "/v1/providers/{rest}", [&around](net::exchange& ex) {
                   return change(ex, around);
               }});
    table.add({"DELETE", "/v1/providers/{rest}", [&around](net::exchange& ex) {
                   return remove(ex, around);
               }});
}

}  // namespace gaia::admin
