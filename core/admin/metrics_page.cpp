#include <boost/asio/ip/address.hpp>

#include "core/admin/admin.hpp"
#include "core/net/io_thread.hpp"

namespace gaia::admin {
namespace {

// A scraper on this machine needs no key; from elsewhere the numbers are the administrator's.
net::awaitable<void> metrics(net::exchange& ex, const services& around) {
    net::error_code ec;
    const auto address = boost::asio::ip::make_address(ex.client_address(), ec);
    if (!ex.from_operator() &&
        (ec || !address.is_loopback() || !ex.header("x-forwarded-for").empty())) {
        const auto known = around.snapshot_of(ex.thread().index());
        if (co_await require_key(ex, *known, policy::permission_admin) == nullptr) {
            co_return;
        }
    }
    const std::string body = around.metrics.render();
    co_await ex.reply(200, "text/plain; version=0.0.4; charset=utf-8", body);
}

}  // namespace

void add_metrics_route(net::routes& table, services& around) {
    table.add(
        {"GET", "/metrics", [&around](net::exchange& ex) { return metrics(ex, around); }, true});
}

}  // namespace gaia::admin
