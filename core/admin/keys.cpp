#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "core/admin/admin.hpp"
#include "core/admin/key_json.hpp"
#include "core/base/log.hpp"
#include "core/net/io_thread.hpp"
#include "core/policy/authenticate.hpp"
#include "core/store/store.hpp"

namespace gaia::admin {
namespace {

namespace json = boost::json;

constexpr std::size_t body_max = 64 * 1024;
constexpr std::size_t name_max = 128;
constexpr std::size_t description_max = 1024;
constexpr std::int64_t page_default = 20;
constexpr std::int64_t page_max = 100;
constexpr std::int64_t pages_max = 1'000'000'000;  // no product below overflows

failure invalid(std::string field, std::string why) {
    return fail(errc::validation_failed, field + ": " + why, field);
}

// "2026-07-01T12:00:00Z" or "2026-07-01"; UTC.
std::optional<unix_micros> parse_iso8601(std::string_view text) {
    int parts[6] = {0, 0, 0, 0, 0, 0};
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:ddZ";
    if (text.size() != shape.size() && text.size() != 10) {
        return std::nullopt;
    }
    std::size_t part = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (shape[i] == 'd') {
            if (text[i] < '0' || text[i] > '9') {
                return std::nullopt;
            }
            parts[part] = parts[part] * 10 + (text[i] - '0');
        } else if (text[i] != shape[i]) {
            return std::nullopt;
        } else {
            ++part;
        }
    }
    const std::chrono::year_month_day day{std::chrono::year(parts[0]),
                                          std::chrono::month(static_cast<unsigned>(parts[1])),
                                          std::chrono::day(static_cast<unsigned>(parts[2]))};
    if (!day.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) {
        return std::nullopt;
    }
    const auto days = std::chrono::sys_days(day).time_since_epoch().count();
    return unix_micros{(((days * 24LL + parts[3]) * 60 + parts[4]) * 60 + parts[5]) * 1'000'000};
}

result<std::string> read_text(const json::value& value, const char* field, std::size_t bytes_max) {
    if (!value.is_string() || value.get_string().size() > bytes_max) {
        return invalid(field,
                       "must be a string of at most " + std::to_string(bytes_max) + " bytes");
    }
    const std::string text(value.get_string());
    if (std::any_of(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20;
        })) {
        return invalid(field, "must not hold control characters");
    }
    return text;
}

result<std::uint8_t> read_permissions(const json::value& value) {
    unsigned bits = 0;
    const auto* list = value.if_array();
    for (const auto& item : list != nullptr ? *list : json::array{nullptr}) {
        const auto* text = item.if_string();
        const auto row = std::find_if(
            std::begin(permission_names), std::end(permission_names), [text](const auto& p) {
                return text != nullptr && std::string_view(text->data(), text->size()) == p.first;
            });
        if (row == std::end(permission_names)) {
            return invalid("permissions", "must be a list of read, write and admin");
        }
        bits |= row->second;
    }
    if (bits == 0) {
        return invalid("permissions", "must not be empty");
    }
    return static_cast<std::uint8_t>(bits);
}

result<store::new_key> read_new_key(std::string_view body) {
    boost::system::error_code ec;
    const auto document = json::parse(json::string_view(body.data(), body.size()), ec);
    if (ec || !document.is_object()) {
        return fail(errc::invalid_json);
    }
    store::new_key wanted;
    wanted.name = "Default API Key";
    for (const auto& [name, value] : document.get_object()) {
        if (name == "organization_id") {
            if (!value.is_string() ||
                std::string_view(value.get_string().data(), value.get_string().size()) !=
                    to_string(store::default_organization)) {
                return fail(errc::not_found, "No such organization.", "organization_id");
            }
        } else if (name == "name" || name == "description") {
            auto text = read_text(value,
                                  name == "name" ? "name" : "description",
                                  name == "name" ? name_max : description_max);
            if (!text) {
                return text.error();
            }
            (name == "name" ? wanted.name : wanted.description) = std::move(*text);
        } else if (name == "permissions") {
            const auto bits = read_permissions(value);
            if (!bits) {
                return bits.error();
            }
            wanted.permissions = *bits;
        } else if (name == "expires_at") {
            if (value.is_null()) {
                continue;
            }
            const auto* text = value.if_string();
            wanted.expires =
                text != nullptr ? parse_iso8601({text->data(), text->size()}) : std::nullopt;
            if (!wanted.expires || *wanted.expires <= wall_now()) {
                return invalid("expires_at", "must be a time to come, as 2030-01-31T12:00:00Z");
            }
        } else {
            return invalid(std::string(name), "is not a field of a key");
        }
    }
    return wanted;
}

net::awaitable<void> create(net::exchange& ex, const services& around) {
    if (!co_await require_admin(ex, around)) {
        co_return;
    }
    const auto body = co_await ex.read_body(body_max);
    const auto wanted = body ? read_new_key(*body) : result<store::new_key>(body.error());
    if (!wanted) {
        co_return co_await ex.reply_error(wanted.error());
    }
    store::store::operation<store::created_key> work = [wanted = *wanted](store::database& db) {
        return store::create_key(db, wanted, wall_now());
    };
    const auto made =
        co_await around.kept.run<store::created_key>(store::access::write, std::move(work));
    if (!made) {
        co_return co_await ex.reply_error(made.error());
    }
    around.key_changed(made->record);
    log::info(
        "key created",
        {{"key", to_string(made->record.id)}, {"by", ex.from_operator() ? "operator" : "api"}});
    auto row = describe_key(made->record);
    row["key"] = made->key.expose();
    const std::string text = json::serialize(row);
    co_await ex.reply(201, "application/json", text);
}

std::int64_t query_number(std::string_view query, std::string_view name, std::int64_t otherwise) {
    while (!query.empty()) {
        const auto part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        if (part.starts_with(name) && part.size() > name.size() && part[name.size()] == '=') {
            const auto digits = part.substr(name.size() + 1);
            std::int64_t value = 0;
            const auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), value);
            return error == std::errc() && end == digits.data() + digits.size() ? value : -1;
        }
    }
    return otherwise;
}

net::awaitable<void> list(net::exchange& ex, const services& around) {
    if (!co_await require_admin(ex, around)) {
        co_return;
    }
    const auto page = query_number(ex.query(), "page", 1);
    const auto limit = query_number(ex.query(), "limit", page_default);
    if (page < 1 || page > pages_max || limit < 1 || limit > page_max) {
        co_return co_await ex.reply_error(
            invalid(page < 1 || page > pages_max ? "page" : "limit", "is out of range"));
    }
    store::store::operation<std::vector<policy::key_record>> work = [](store::database& db) {
        return store::list_keys(db);
    };
    const auto keys = co_await around.kept.run<std::vector<policy::key_record>>(store::access::read,
                                                                                std::move(work));
    if (!keys) {
        co_return co_await ex.reply_error(keys.error());
    }
    const auto total = static_cast<std::int64_t>(keys->size());
    json::array rows;
    for (std::int64_t i = (page - 1) * limit; i < std::min(page * limit, total); ++i) {
        rows.push_back(describe_key((*keys)[static_cast<std::size_t>(i)]));
    }
    const json::object answer{{"data", std::move(rows)},
                              {"pagination",
                               {{"page", page},
                                {"limit", limit},
                                {"total", total},
                                {"pages", (total + limit - 1) / limit}}}};
    const std::string text = json::serialize(answer);
    co_await ex.reply(200, "application/json", text);
}

net::awaitable<result<policy::key_record>> find(net::exchange& ex, const services& around) {
    store::store::operation<policy::key_record> work =
        [name = std::string(ex.parameter())](store::database& db) {
            return store::find_key(db, name);
        };
    co_return co_await around.kept.run<policy::key_record>(store::access::read, std::move(work));
}

net::awaitable<void> retrieve(net::exchange& ex, const services& around) {
    if (!co_await require_admin(ex, around)) {
        co_return;
    }
    const auto key = co_await find(ex, around);
    if (!key) {
        co_return co_await ex.reply_error(key.error());
    }
    const std::string text = json::serialize(describe_key(*key));
    co_await ex.reply(200, "application/json", text);
}

net::awaitable<void> revoke(net::exchange& ex, const services& around) {
    if (!co_await require_admin(ex, around)) {
        co_return;
    }
    const auto key = co_await find(ex, around);
    if (!key) {
        co_return co_await ex.reply_error(key.error());
    }
    store::store::operation<policy::key_record> work = [id = key->id](store::database& db) {
        return store::revoke_key(db, id, wall_now());
    };
    const auto revoked =
        co_await around.kept.run<policy::key_record>(store::access::write, std::move(work));
    if (!revoked) {
        co_return co_await ex.reply_error(revoked.error());
    }
    around.key_changed(*revoked);
    log::info("key revoked",
              {{"key", to_string(revoked->id)}, {"by", ex.from_operator() ? "operator" : "api"}});
    const json::object answer{{"message", "The key " + to_string(revoked->id) + " is revoked."},
                              {"id", to_string(revoked->id)},
                              {"status", key_status(*revoked)}};
    const std::string text = json::serialize(answer);
    co_await ex.reply(200, "application/json", text);
}

}  // namespace

void add_key_routes(net::routes& table, services& around) {
    table.add(
        {"POST", "/v1/api-keys", [&around](net::exchange& ex) { return create(ex, around); }});
    table.add({"GET", "/v1/api-keys", [&around](net::exchange& ex) { return list(ex, around); }});
    table.add({"GET", "/v1/api-keys/{rest}", [&around](net::exchange& ex) {
                   return retrieve(ex, around);
               }});
    table.add({"DELETE", "/v1/api-keys/{rest}", [&around](net::exchange& ex) {
                   return revoke(ex, around);
               }});
}

}  // namespace gaia::admin
