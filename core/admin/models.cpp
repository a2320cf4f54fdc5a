#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/admin/admin.hpp"
#include "core/net/io_thread.hpp"

namespace gaia::admin {
namespace {

namespace json = boost::json;

json::object describe(const policy::listed_model& model) {
    json::object row{{"id", model.id},
                     {"object", "model"},
                     {"created", model.created},
                     {"owned_by", model.owned_by},
                     {"provider", model.provider}};
    if (model.facts != nullptr) {
        if (model.facts->context_tokens > 0) {
            row["context_length"] = model.facts->context_tokens;
        }
        if (model.facts->output_tokens_max > 0) {
            row["max_completion_tokens"] = model.facts->output_tokens_max;
        }
        row["supports_functions"] = model.facts->tools;
        row["supports_vision"] = model.facts->vision;
    }
    return row;
}

net::awaitable<void> list(net::exchange& ex, const services& around) {
    const auto known = around.snapshot_of(ex.thread().index());
    if (co_await require_key(ex,
                             *known,
                             policy::permission_read | policy::permission_write |
                                 policy::permission_admin) == nullptr) {
        co_return;
    }
    json::array rows;
    for (const auto& model : known->models()) {
        rows.push_back(describe(model));
    }
    const json::object page{{"object", "list"}, {"data", std::move(rows)}};
    const std::string body = json::serialize(page);
    co_await ex.reply(200, "application/json", body);
}

net::awaitable<void> retrieve(net::exchange& ex, const services& around) {
    const auto known = around.snapshot_of(ex.thread().index());
    if (co_await require_key(ex,
                             *known,
                             policy::permission_read | policy::permission_write |
                                 policy::permission_admin) == nullptr) {
        co_return;
    }
    const auto model = known->find_listed(ex.parameter());
    if (!model) {
        co_await ex.reply_error(fail(errc::model_not_found, {}, "model"));
        co_return;
    }
    const std::string body = json::serialize(describe(*model));
    co_await ex.reply(200, "application/json", body);
}

}  // namespace

void add_model_routes(net::routes& table, services& around) {
    table.add({"GET", "/v1/models", [&around](net::exchange& ex) { return list(ex, around); }});
    table.add({"GET", "/v1/models/{rest}", [&around](net::exchange& ex) {
                   return retrieve(ex, around);
               }});
}

}  // namespace gaia::admin
