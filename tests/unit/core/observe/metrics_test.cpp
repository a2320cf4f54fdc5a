#include "core/observe/metrics.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>

using namespace gaia;
using observe::exposition;
using observe::metrics;
using observe::request_sample;

namespace {

// The samples of a text, by name and labels.
std::map<std::string, std::string> samples(const std::string& text) {
    std::map<std::string, std::string> all;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("#")) {
            const auto space = line.rfind(' ');
            REQUIRE(space != std::string::npos);
            REQUIRE(
                all.emplace(line.substr(0, space), line.substr(space + 1)).second);  // each once
        }
    }
    return all;
}

request_sample sample(std::string_view provider, std::string_view model) {
    request_sample s;
    s.provider = provider;
    s.model = model;
    s.status = 200;
    s.stream = true;
    s.prompt_tokens = 10;
    s.completion_tokens = 5;
    s.cost = nanos{1'500'000'000};
    s.total_seconds = 0.2;
    s.first_token_seconds = 0.05;
    s.overhead_seconds = 0.0002;
    return s;
}

}  // namespace

TEST_CASE("metrics: the exposition is the text format that scrapers read", "[observe]") {
    exposition out;
    out.family("a_total", "counter", "What it counts.");
    out.sample("a_total",
               exposition::label("x", "1") + "," + exposition::label("y", "2"),
               std::int64_t{7});
    out.gauge("b", "A gauge.", 0.5);
    out.counter("c_total", "Another.", 9'007'199'254'740'993);
    CHECK(out.text() ==
          "# HELP a_total What it counts.\n# TYPE a_total counter\na_total{x=\"1\",y=\"2\"} 7\n"
          "# HELP b A gauge.\n# TYPE b gauge\nb 0.5\n"
          "# HELP c_total Another.\n# TYPE c_total counter\nc_total 9007199254740993\n");
}

TEST_CASE("metrics: no label value can leave its quotes or its line", "[observe]") {
    CHECK(exposition::label("l", "plain") == "l=\"plain\"");
    CHECK(exposition::label("l", "a\"b\\c") == "l=\"a\\\"b\\\\c\"");
    CHECK(exposition::label("l", "a\nb\rc\td") == "l=\"a b c d\"");
    CHECK(exposition::label("l", std::string(1, '\0')) == "l=\" \"");
    CHECK(exposition::label("l", "\xc3\xa9") == "l=\"\xc3\xa9\"");
    CHECK(exposition::label("l", "") == "l=\"\"");

    metrics kept(1);
    kept.request(0, sample("p", "m\"} 1\nfake_total 2"));
    for (const auto& [name, value] : samples(kept.render())) {
        CHECK_FALSE(name.starts_with("fake_total"));
    }
}

TEST_CASE("metrics: a scrape adds the shards up", "[observe]") {
    metrics kept(3);
    for (unsigned shard = 0; shard < 3; ++shard) {
        kept.request(shard, sample("p", "m"));
        kept.upstream_error(shard, "p", "upstream_timeout");
        kept.http(shard, "GET", "/health", 200, 0.001);
    }
    auto failed = sample("p", "m");
    failed.status = 502;
    failed.error = "upstream_broken";
    failed.cost.reset();
    failed.prompt_tokens.reset();
    failed.first_token_seconds.reset();
    failed.usage_clamped = true;
    kept.request(1, failed);
    const auto all = samples(kept.render());
    const std::string labels = "provider=\"p\",model=\"m\"";
    CHECK(all.at("gaiarouter_requests_total{" + labels +
                 ",status=\"200\",error=\"\",stream=\"true\"}") == "3");
    CHECK(all.at("gaiarouter_requests_total{" + labels +
                 ",status=\"502\",error=\"upstream_broken\",stream=\"true\"}") == "1");
    CHECK(all.at("gaiarouter_tokens_total{" + labels + ",type=\"prompt\"}") == "30");
    CHECK(all.at("gaiarouter_tokens_total{" + labels + ",type=\"completion\"}") == "20");
    CHECK(all.at("gaiarouter_cost_dollars_total{" + labels + "}") == "4.5");
    CHECK(all.at("gaiarouter_unpriced_requests_total{" + labels + "}") == "1");
    CHECK(all.at("gaiarouter_upstream_errors_total{provider=\"p\",reason=\"upstream_timeout\"}") ==
          "3");
    CHECK(all.at("gaiarouter_usage_clamped_total") == "1");
    CHECK(all.at("gaiarouter_time_to_first_token_seconds_count{" + labels + "}") == "3");
    CHECK(all.at("gateway_requests_total{method=\"GET\",endpoint=\"/health\",status=\"200\"}") ==
          "3");
}

TEST_CASE("metrics: buckets are cumulative, bounds belong to their bucket, the last holds all",
          "[observe]") {
    metrics kept(1);
    for (const double seconds : {0.001, 0.005, 0.0051, 1.0, 1000.0}) {
        kept.http(0, "GET", "/", 200, seconds);
    }
    const auto all = samples(kept.render());
    const auto bucket = [&all](const std::string& le) {
        return all.at(
            R"(gateway_request_duration_seconds_bucket{method="GET",endpoint="/",status="200",le=")" +
            le + "\"}");
    };
    CHECK(bucket("0.005") == "2");
    CHECK(bucket("0.01") == "3");
    CHECK(bucket("0.5") == "3");
    CHECK(bucket("1") == "4");
    CHECK(bucket("120") == "4");
    CHECK(bucket("+Inf") == "5");
    CHECK(
        all.at(
            R"(gateway_request_duration_seconds_count{method="GET",endpoint="/",status="200"})") ==
        "5");
}

TEST_CASE("metrics: clients cannot make series without end by naming models", "[observe]") {
    metrics kept(2);
    for (int i = 0; i < 2000; ++i) {
        kept.request(static_cast<unsigned>(i % 2), sample("p", "model-" + std::to_string(i)));
    }
    // What has a series in one shard has it in the other.
    kept.request(0, sample("p", "model-1"));
    std::set<std::string> models;
    for (const auto& [name, value] : samples(kept.render())) {
        if (name.starts_with("gaiarouter_unpriced_requests_total")) {
            models.insert(name);
        }
    }
    CHECK(models.size() == metrics::series_max + 1);
    const auto all = samples(kept.render());
    const std::string tail = R"(",status="200",error="",stream="true"})";
    CHECK(all.at(R"(gaiarouter_requests_total{provider="p",model="other)" + tail) == "1500");
    CHECK(all.at(R"(gaiarouter_requests_total{provider="p",model="model-1)" + tail) == "2");
}

TEST_CASE("metrics: sources come at each scrape, each family once", "[observe]") {
    metrics kept(1);
    int asked = 0;
    kept.add_source([&asked](exposition& out) { out.gauge("asked", "Scrapes.", ++asked); });
    kept.add_source(observe::render_process);
    CHECK(samples(kept.render()).at("asked") == "1");
    const auto text = kept.render();
    const auto all = samples(text);
    CHECK(all.at("asked") == "2");
    CHECK(std::stod(all.at("process_resident_memory_bytes")) > 1e6);
    CHECK(std::stod(all.at("process_open_fds")) >= 3);
    std::set<std::string> families;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) {
            CHECK(families.insert(line).second);
        }
    }
}

TEST_CASE("metrics: shards are written while they are read", "[observe]") {
    metrics kept(2);
    std::thread one([&kept] {
        for (int i = 0; i < 2000; ++i) {
            kept.request(0, sample("p", "m" + std::to_string(i % 7)));
        }
    });
    std::thread two([&kept] {
        for (int i = 0; i < 2000; ++i) {
            kept.request(1, sample("p", "m" + std::to_string(i % 7)));
        }
    });
    for (int i = 0; i < 20; ++i) {
        CHECK_FALSE(kept.render().empty());
    }
    one.join();
    two.join();
    std::int64_t sum = 0;
    for (const auto& [name, value] : samples(kept.render())) {
        sum += name.starts_with("gaiarouter_requests_total") ? std::stoll(value) : 0;
    }
    CHECK(sum == 4000);
}
