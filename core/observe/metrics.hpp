#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/nanos.hpp"

// Prometheus metrics: a small registry of our own. Each I/O thread writes to its own shard (a lock
// that only a scrape ever contends for); a scrape adds the shards up. Labels are bounded: providers
// are configured, models beyond series_max count as "other", error labels come from the error
// table.
namespace gaia::observe {

// Upper bounds in seconds; the last bucket is +Inf.
inline constexpr std::array<double, 13> latency_bounds{
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120};
inline constexpr std::array<double, 9> overhead_bounds{
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1};

template <std::size_t N>
struct histogram {
    std::array<std::uint64_t, N + 1> counts{};
    double sum = 0;
    void observe(const std::array<double, N>& bounds, double value) noexcept {
        std::size_t i = 0;
        while (i < N && value > bounds[i]) {
            ++i;
        }
        ++counts[i];
        sum += value;
    }
    void add(const histogram& other) noexcept {
        for (std::size_t i = 0; i <= N; ++i) {
            counts[i] += other.counts[i];
        }
        sum += other.sum;
    }
};

// One finished model request.
struct request_sample {
    std::string_view provider;
    std::string_view model;
    int status = 0;
    std::string_view error;  // metric label; empty when none
    bool stream = false;
    std::optional<std::int64_t> prompt_tokens;
    std::optional<std::int64_t> completion_tokens;
    std::optional<std::int64_t> cached_tokens;
    std::optional<std::int64_t> reasoning_tokens;
    std::optional<nanos> cost;
    double total_seconds = 0;
    std::optional<double> first_token_seconds;
    double overhead_seconds = 0;
    bool usage_clamped = false;
};

// Writes the text exposition format, version 0.0.4.
class exposition {
public:
    void family(std::string_view name, std::string_view type, std::string_view help);
    // labels: `a="x",b="y"` with escaped values, or empty.
    void sample(std::string_view name, std::string_view labels, double value);
    void sample(std::string_view name, std::string_view labels, std::int64_t value);
    void gauge(std::string_view name, std::string_view help, double value);
    void counter(std::string_view name, std::string_view help, std::int64_t value);
    static std::string label(std::string_view name, std::string_view value);
    const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

class metrics {
public:
    static constexpr std::size_t series_max = 500;

    explicit metrics(unsigned shards);

    void request(unsigned shard, const request_sample& sample);
    void upstream_error(unsigned shard, std::string_view provider, std::string_view reason);
    // Every HTTP exchange: `route` is the pattern it matched, never the path.
    void http(unsigned shard,
              std::string_view method,
              std::string_view route,
              int status,
              double seconds);

    // Called at each scrape, after the families of this class.
    void add_source(std::function<void(exposition&)> source) {
        sources_.push_back(std::move(source));
    }
    std::string render();

private:
    struct model_series {
        std::unordered_map<std::string, std::uint64_t> by_status;  // label text -> count
        std::uint64_t prompt = 0;
        std::uint64_t completion = 0;
        std::uint64_t cached = 0;
        std::uint64_t reasoning = 0;
        std::int64_t cost_nanos = 0;
        std::uint64_t unpriced = 0;
        histogram<latency_bounds.size()> duration;
        histogram<latency_bounds.size()> first_token;
        histogram<overhead_bounds.size()> overhead;
        void add(const model_series& other);
    };
    struct http_series {
        std::uint64_t count = 0;
        histogram<latency_bounds.size()> duration;
    };
    struct shard {
        std::mutex mutex;
        std::unordered_map<std::string, model_series> models;
        std::unordered_map<std::string, std::uint64_t> upstream_errors;
        std::unordered_map<std::string, http_series> http;
        std::uint64_t clamped = 0;
        std::string key;  // scratch
    };

    // True when this provider and model may have a series of their own. Asked once per shard and
    // name.
    bool admit_series(const std::string& key);
    void render_models(exposition& out);
    void render_http(exposition& out);

    std::mutex series_mutex_;
    std::unordered_set<std::string> series_;  // guarded by series_mutex_
    std::vector<std::unique_ptr<shard>> shards_;
    std::vector<std::function<void(exposition&)>> sources_;
};

// process_* families, as the common client libraries name them.
void render_process(exposition& out);

}  // namespace gaia::observe
