#include <fmt/format.h>

#include "core/admin/admin.hpp"
#include "core/base/clock.hpp"

namespace gaia::admin {
namespace {

net::awaitable<void> answer(net::exchange& ex, int status, std::string_view word) {
    const auto body =
        fmt::format(R"({{"status":"{}","timestamp":"{}"}})", word, to_iso8601(wall_now()));
    co_await ex.reply(status, "application/json", body);
}

// Alive: the event loop answers. Ready: new model calls are taken.
net::awaitable<void> live(net::exchange& ex) {
    co_await answer(ex, 200, "healthy");
}

net::awaitable<void> ready(net::exchange& ex, const services& around) {
    const bool yes = around.ready();
    if (!yes) {
        ex.set_header("retry-after", "1");
    }
    co_await answer(ex, yes ? 200 : 503, yes ? "ready" : "not_ready");
}

}  // namespace

void add_health_routes(net::routes& table, services& around) {
    for (const char* path : {"/health", "/health/live", "/healthz", "/livez"}) {
        table.add({"GET", path, [](net::exchange& ex) { return live(ex); }, true});
    }
    for (const char* path : {"/health/ready", "/readyz"}) {
        table.add({"GET", path, [&around](net::exchange& ex) { return ready(ex, around); }, true});
    }
}

}  // namespace gaia::admin
