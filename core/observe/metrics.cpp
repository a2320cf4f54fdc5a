#include "core/observe/metrics.hpp"

#include <fmt/format.h>

#include <iterator>
#include <map>

namespace gaia::observe {
namespace {

template <std::size_t N>
void render_histogram(exposition& out,
                      const std::string& name,
                      const std::string& labels,
                      const std::array<double, N>& bounds,
                      const histogram<N>& h) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= N; ++i) {
        total += h.counts[i];
        const auto bound = i < N ? fmt::format("{}", bounds[i]) : std::string("+Inf");
        out.sample(name + "_bucket",
                   labels + (labels.empty() ? "" : ",") + exposition::label("le", bound),
                   static_cast<std::int64_t>(total));
    }
    out.sample(name + "_sum", labels, h.sum);
    out.sample(name + "_count", labels, static_cast<std::int64_t>(total));
}

std::uint64_t positive(std::optional<std::int64_t> value) {
    return value && *value > 0 ? static_cast<std::uint64_t>(*value) : 0;
}

}  // namespace

// ---------------------------------------------------------------- text

void exposition::family(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void exposition::sample(std::string_view name, std::string_view labels, double value) {
    if (labels.empty()) {
        fmt::format_to(std::back_inserter(text_), "{} {}\n", name, value);
    } else {
        fmt::format_to(std::back_inserter(text_), "{}{{{}}} {}\n", name, labels, value);
    }
}

void exposition::sample(std::string_view name, std::string_view labels, std::int64_t value) {
    if (labels.empty()) {
        fmt::format_to(std::back_inserter(text_), "{} {}\n", name, value);
    } else {
        fmt::format_to(std::back_inserter(text_), "{}{{{}}} {}\n", name, labels, value);
    }
}

void exposition::gauge(std::string_view name, std::string_view help, double value) {
    family(name, "gauge", help);
    sample(name, {}, value);
}

void exposition::counter(std::string_view name, std::string_view help, std::int64_t value) {
    family(name, "counter", help);
    sample(name, {}, value);
}

std::string exposition::label(std::string_view name, std::string_view value) {
    std::string text(name);
    text += "=\"";
    for (const char c : value) {
        if (c == '\\' || c == '"') {
            text.push_back('\\');
        }
        text.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
    }
    return text + "\"";
}

// ---------------------------------------------------------------- recording

metrics::metrics(unsigned shards) {
    for (unsigned i = 0; i < shards; ++i) {
        shards_.push_back(std::make_unique<shard>());
    }
}

bool metrics::admit_series(const std::string& key) {
    const std::lock_guard lock(series_mutex_);
    if (series_.size() >= series_max && !series_.contains(key)) {
        return false;
    }
    series_.insert(key);
    return true;
}

void metrics::request(unsigned index, const request_sample& sample) {
    auto& s = *shards_[index];
    const std::lock_guard lock(s.mutex);
    s.key.assign(sample.provider).append(1, '\0').append(sample.model);
    auto row = s.models.find(s.key);
    if (row == s.models.end()) {
        if (!admit_series(s.key)) {
            s.key.assign(sample.provider).append(1, '\0').append("other");
        }
        row = s.models.try_emplace(s.key).first;
    }
    auto& m = row->second;
    s.key.clear();
    const fmt::format_int status(sample.status);
    s.key.append("status=\"")
        .append(status.data(), status.size())
        .append("\",error=\"")
        .append(sample.error);
    s.key.append(sample.stream ? "\",stream=\"true\"" : "\",stream=\"false\"");
    ++m.by_status[s.key];
    m.prompt += positive(sample.prompt_tokens);
    m.completion += positive(sample.completion_tokens);
    m.cached += positive(sample.cached_tokens);
    m.reasoning += positive(sample.reasoning_tokens);
    m.cost_nanos = (nanos{m.cost_nanos} + sample.cost.value_or(nanos{0})).value;
    m.unpriced += sample.cost ? 0 : 1;
    m.duration.observe(latency_bounds, sample.total_seconds);
    if (sample.first_token_seconds) {
        m.first_token.observe(latency_bounds, *sample.first_token_seconds);
    }
    m.overhead.observe(overhead_bounds, sample.overhead_seconds);
    s.clamped += sample.usage_clamped ? 1 : 0;
}

void metrics::upstream_error(unsigned index, std::string_view provider, std::string_view reason) {
    auto& s = *shards_[index];
    const std::lock_guard lock(s.mutex);
    ++s.upstream_errors[exposition::label("provider", provider) + "," +
                        exposition::label("reason", reason)];
}

void metrics::http(
    unsigned index, std::string_view method, std::string_view route, int status, double seconds) {
    auto& s = *shards_[index];
    const std::lock_guard lock(s.mutex);
    s.key.clear();
    const fmt::format_int digits(status);
    s.key.append("method=\"").append(method).append("\",endpoint=\"").append(route);
    s.key.append("\",status=\"").append(digits.data(), digits.size()).append("\"");
    auto& h = s.http[s.key];
    ++h.count;
    h.duration.observe(latency_bounds, seconds);
}

// ---------------------------------------------------------------- scraping

void metrics::model_series::add(const model_series& other) {
    for (const auto& [labels, count] : other.by_status) {
        by_status[labels] += count;
    }
    prompt += other.prompt;
    completion += other.completion;
    cached += other.cached;
    reasoning += other.reasoning;
    cost_nanos = (nanos{cost_nanos} + nanos{other.cost_nanos}).value;
    unpriced += other.unpriced;
    duration.add(other.duration);
    first_token.add(other.first_token);
    overhead.add(other.overhead);
}

void metrics::render_models(exposition& out) {
    std::map<std::string, model_series> all;
    std::map<std::string, std::uint64_t> errors;
    std::uint64_t clamped = 0;
    for (const auto& s : shards_) {
        const std::lock_guard lock(s->mutex);
        for (const auto& [key, series] : s->models) {
            const auto zero = key.find('\0');
            all[exposition::label("provider", key.substr(0, zero)) + "," +
                exposition::label("model", key.substr(zero + 1))]
                .add(series);
        }
        for (const auto& [labels, count] : s->upstream_errors) {
            errors[labels] += count;
        }
        clamped += s->clamped;
    }
    const auto count = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
    out.family("gaiarouter_requests_total", "counter", "Finished model requests.");
    for (const auto& [labels, m] : all) {
        for (const auto& [status, value] : m.by_status) {
            out.sample(
                "gaiarouter_requests_total", fmt::format("{},{}", labels, status), count(value));
        }
    }
    out.family("gaiarouter_tokens_total", "counter", "Tokens, as reported or estimated.");
    for (const auto& [labels, m] : all) {
        out.sample("gaiarouter_tokens_total", labels + R"(,type="prompt")", count(m.prompt));
        out.sample(
            "gaiarouter_tokens_total", labels + R"(,type="completion")", count(m.completion));
        out.sample("gaiarouter_tokens_total", labels + R"(,type="cached")", count(m.cached));
        out.sample("gaiarouter_tokens_total", labels + R"(,type="reasoning")", count(m.reasoning));
    }
    out.family("gaiarouter_cost_dollars_total", "counter", "Cost in USD by the price catalogue.");
    for (const auto& [labels, m] : all) {
        out.sample(
            "gaiarouter_cost_dollars_total", labels, static_cast<double>(m.cost_nanos) / 1e9);
    }
    out.family(
        "gaiarouter_unpriced_requests_total", "counter", "Requests whose price is not known.");
    for (const auto& [labels, m] : all) {
        out.sample("gaiarouter_unpriced_requests_total", labels, count(m.unpriced));
    }
    out.family("gaiarouter_request_duration_seconds",
               "histogram",
               "Time from the request's head to its end.");
    for (const auto& [labels, m] : all) {
        render_histogram(
            out, "gaiarouter_request_duration_seconds", labels, latency_bounds, m.duration);
    }
    out.family("gaiarouter_time_to_first_token_seconds", "histogram", "Time to the first output.");
    for (const auto& [labels, m] : all) {
        render_histogram(
            out, "gaiarouter_time_to_first_token_seconds", labels, latency_bounds, m.first_token);
    }
    out.family("gaiarouter_overhead_seconds", "histogram", "Time spent inside the gateway.");
    for (const auto& [labels, m] : all) {
        render_histogram(out, "gaiarouter_overhead_seconds", labels, overhead_bounds, m.overhead);
    }
    out.family("gaiarouter_upstream_errors_total", "counter", "Failed attempts at providers.");
    for (const auto& [labels, value] : errors) {
        out.sample("gaiarouter_upstream_errors_total", labels, count(value));
    }
    out.counter("gaiarouter_usage_clamped_total",
                "Answers whose reported usage made no sense.",
                count(clamped));
}

void metrics::render_http(exposition& out) {
    std::map<std::string, http_series> all;
    for (const auto& s : shards_) {
        const std::lock_guard lock(s->mutex);
        for (const auto& [labels, series] : s->http) {
            auto& sum = all[labels];
            sum.count += series.count;
            sum.duration.add(series.duration);
        }
    }
    out.family("gateway_requests_total", "counter", "HTTP requests by route.");
    for (const auto& [labels, series] : all) {
        out.sample("gateway_requests_total", labels, static_cast<std::int64_t>(series.count));
    }
    out.family("gateway_request_duration_seconds", "histogram", "HTTP request duration by route.");
    for (const auto& [labels, series] : all) {
        render_histogram(
            out, "gateway_request_duration_seconds", labels, latency_bounds, series.duration);
    }
}

std::string metrics::render() {
    exposition out;
    render_models(out);
    render_http(out);
    for (const auto& source : sources_) {
        source(out);
    }
    return out.text();
}

}  // namespace gaia::observe
