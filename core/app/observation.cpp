#include "core/app/observation.hpp"

#include "core/base/log.hpp"
#include "core/base/version.hpp"
#include "core/net/server.hpp"
#include "core/relay/relay.hpp"
#include "core/store/store.hpp"

namespace gaia::app {

observe::request_sample sample_of(const policy::usage_settle& row) {
    observe::request_sample sample;
    sample.provider = row.provider;
    sample.model = row.model_served;
    sample.status = row.status;
    sample.error = row.error ? info(*row.error).metric : std::string_view();
    sample.stream = row.stream;
    sample.prompt_tokens = row.usage.prompt;
    sample.completion_tokens = row.usage.completion;
    sample.cached_tokens = row.usage.cache_read;
    sample.reasoning_tokens = row.usage.reasoning;
    sample.cost = row.cost;
    sample.total_seconds = static_cast<double>(row.total_us) / 1e6;
    if (row.first_token_us) {
        sample.first_token_seconds = static_cast<double>(*row.first_token_us) / 1e6;
    }
    sample.overhead_seconds = static_cast<double>(row.overhead_us) / 1e6;
    sample.usage_clamped = row.usage.clamped;
    return sample;
}

void log_exchange(const net::server_hooks::exchange_end& end, std::string_view route) {
    constexpr unsigned lines_per_second = 10;
    const bool refused = end.status >= 400;
    if (refused && !log::within_rate(static_cast<unsigned>(end.status) % 64, lines_per_second)) {
        return;
    }
    log::write(
        refused ? log::level::info : log::level::debug,
        "request",
        {{"request_id", end.request_id},
         {"method", end.method},
         {"route", route},
         {"status", end.status},
         {"client", end.client},
         {"total_us", std::chrono::duration_cast<std::chrono::microseconds>(end.took).count()}});
}

void add_metric_sources(observe::metrics& into,
                        const store::store& kept,
                        const relay::relay& relayed,
                        const net::server& server) {
    into.add_source([&relayed, &server](observe::exposition& out) {
        out.gauge("gaiarouter_active_requests",
                  "Model requests under way.",
                  static_cast<double>(relayed.active_requests()));
        out.gauge("gaiarouter_active_streams",
                  "Streams under way.",
                  static_cast<double>(relayed.active_streams()));
        out.gauge("gaiarouter_connections",
                  "Open client connections.",
                  static_cast<double>(server.connections()));
    });
    into.add_source([&kept](observe::exposition& out) {
        const auto s = kept.stats();
        out.gauge("gaiarouter_ledger_bytes",
                  "Size of the ledger's segments.",
                  static_cast<double>(s.ledger_bytes));
        out.gauge("gaiarouter_ledger_pending_rows",
                  "Settled requests not yet in the database.",
                  static_cast<double>(s.pending_rows));
        out.gauge("gaiarouter_ledger_open_requests",
                  "Requests begun and not settled.",
                  static_cast<double>(s.open_requests));
        out.counter("gaiarouter_ledger_refused_total",
                    "Requests refused because the ledger was full.",
                    static_cast<std::int64_t>(s.refused_begins));
        out.counter("gaiarouter_writer_rows_total",
                    "Usage rows written to the database.",
                    static_cast<std::int64_t>(s.rows_written));
        out.counter("gaiarouter_writer_errors_total",
                    "Failed writes to the database.",
                    static_cast<std::int64_t>(s.write_errors));
        out.gauge("gaiarouter_writer_last_commit_seconds",
                  "Duration of the last commit.",
                  static_cast<double>(s.last_commit_us) / 1e6);
    });
    into.add_source([](observe::exposition& out) {
        observe::render_process(out);
        out.family("gaiarouter_build_info", "gauge", "Version of this gateway.");
        out.sample("gaiarouter_build_info",
                   observe::exposition::label("version", version),
                   std::int64_t{1});
    });
}

}  // namespace gaia::app
