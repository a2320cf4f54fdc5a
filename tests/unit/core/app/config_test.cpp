#include "core/app/config.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/app/check.hpp"
#include "core/app/first_run.hpp"

using namespace gaia;
using namespace gaia::app;
using namespace std::chrono_literals;

namespace {

using variables = std::map<std::string, std::string, std::less<>>;

vendor_facts vendor(std::string id, std::string base_url, std::string key) {
    vendor_facts v;
    v.id = std::move(id);
    v.dialect = "openai_chat";
    v.base_url = std::move(base_url);
    v.key_env = {key};
    v.base_url_env = {key.substr(0, key.find('_')) + "_BASE_URL"};
    return v;
}

configuration_sources sources(variables env = {}) {
    configuration_sources from;
    env.try_emplace("HOME", "/home/one");
    from.env = environment(std::move(env));
    from.vendors.vendors = {vendor("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
                            vendor("google", "https://google.example/v1", "GOOGLE_API_KEY"),
                            vendor("account", "https://${ACCOUNT_ID}.example/v1", "ACCOUNT_KEY"),
                            vendor("custom", "", "CUSTOM_KEY")};
    from.vendors.vendors[1].key_env.emplace_back("GEMINI_API_KEY");
    from.vendors.vendors[1].aliases = {"gemini"};
    from.read = [](const std::string& path) {
        return path == "/run/key" ? file_content{"sk-from-file\n", ""}
                                  : file_content{"", "No such file or directory"};
    };
    return from;
}

loaded_configuration read(std::string text, variables env = {}) {
    auto from = sources(std::move(env));
    from.file = configuration_text{"conf/g.yaml", std::move(text)};
    return read_configuration(from);
}

std::string problems(const loaded_configuration& loaded) {
    return list_problems(loaded.problems);
}

configuration good(std::string text, variables env = {}) {
    auto loaded = read(std::move(text), std::move(env));
    INFO(problems(loaded));
    REQUIRE(loaded.ok());
    return loaded.config;
}

bool warns(const configuration& c, std::string_view text) {
    return std::any_of(c.warnings.begin(), c.warnings.end(), [&](const auto& w) {
        return w.find(text) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("config: nothing at all gives the documented defaults", "[app][config]") {
    const auto loaded = read_configuration(sources());
    REQUIRE(loaded.ok());
    const auto& c = loaded.config;
    CHECK(c.server.host == "127.0.0.1");
    CHECK(c.server.port == 8000);
    CHECK(c.server.threads == 0);
    CHECK(c.server.limits.request_body == 10 * 1024 * 1024);
    CHECK(c.upstream.connect == 5s);
    CHECK(c.storage.data_folder == "/home/one/.local/share/gaiarouter");
    CHECK(c.providers.empty());
    CHECK(c.models.empty());
    CHECK(c.warnings.empty());
    CHECK(c.file.empty());
}

TEST_CASE("config: the smallest complete file", "[app][config]") {
    const auto c = good(R"(
server: {listen: 127.0.0.1:8000, threads: 2, timeouts: {connect: 5s, first_byte: 120s, stream_idle: 60s}}
providers:
  - {name: local, vendor: openai, base_url: "http://127.0.0.1:9100/v1", api_key: "${LOCAL_KEY:-none}"}
models:
  - {name: fast, provider: local, model: gpt-4o-mini}   # an alias
  - {name: "*", provider: local}                        # everything else, by pattern
)");
    CHECK(c.server.threads == 2);
    REQUIRE(c.providers.size() == 1);
    const auto& p = c.providers[0];
    CHECK(p.name == "local");
    CHECK(p.vendor == "openai");
    CHECK(p.dialect == "openai_chat");
    CHECK(p.where.authority() == "127.0.0.1:9100");
    CHECK(p.where.path == "/v1");
    CHECK_FALSE(p.where.tls);
    CHECK(p.api_key.expose() == "none");
    CHECK(p.auth == policy::auth_style::bearer);
    CHECK(p.trusted_address);
    CHECK(p.timeouts.first_byte == 120s);
    CHECK(p.id.value < -1);
    REQUIRE(c.models.size() == 2);
    CHECK(c.models[1].name == "*");
    CHECK(c.models[1].model.empty());
}

TEST_CASE("config: every setting reaches its field", "[app][config]") {
    const auto c = good(R"(
providers:   # before `server`: its time-outs are defaults all the same
  - name: a
    vendor: gemini
    api_key: file:/run/key
    retries: 0
    headers: {X-Team: one, X-Number: 2}
    timeouts: {request: 1h}
    proxy: http://proxy:3128
  - {name: slow, vendor: echo, pace: 20ms, first_delay: 1s, words: 100}
server:
  listen: "[::1]:9000"
  tls: {certificate: tls/c.pem, key: /abs/k.pem}
  cors: {origins: [https://a.example, "http://localhost:5173"]}
  trusted_proxies: [10.0.0.0/8, "::1"]
  hosts: gateway.example
  limits: {request_line: 4KiB, request_head: 16384, request_headers: 50, request_body: 1MiB, json_depth: 32,
    json_number_digits: 40, choices: 4, chunk_extensions: 0, trailers: 1KiB, upstream_head: 32KiB,
    upstream_event: 1MiB, upstream_body: 2MiB, connections: 7, connections_per_address: 6,
    requests_per_connection: 5, streams_per_key: 3}
  timeouts: {tls_handshake: 1s, request_head: 2s, request_body: 3s, idle: 4s, write: 5s, drain: 6s,
    heartbeat: 7s, connect: 8s, first_byte: 9s, stream_idle: 10s, request: 11s}
storage: {data: ../data, ledger_size: 1MiB}
logging: {level: warn, format: json, file: log.txt}
)");
    CHECK(c.server.host == "::1");
    CHECK(c.server.port == 9000);
    CHECK(c.server.tls.certificate == "conf/tls/c.pem");
    CHECK(c.server.tls.key == "/abs/k.pem");
    CHECK(c.server.cors_origins.size() == 2);
    CHECK(c.server.trusted_proxies == std::vector<std::string>{"10.0.0.0/8", "::1"});
    CHECK(c.server.hosts == std::vector<std::string>{"gateway.example"});
    const auto& l = c.server.limits;
    CHECK(std::vector<std::size_t>{l.request_line,
                                   l.request_head,
                                   l.request_headers,
                                   l.request_body,
                                   l.chunk_extensions,
                                   l.trailers,
                                   l.upstream_head,
                                   l.connections,
                                   l.connections_per_address,
                                   l.requests_per_connection} ==
          std::vector<std::size_t>{4096, 16384, 50, 1048576, 0, 1024, 32768, 7, 6, 5});
    CHECK(c.relay.request.json.depth == 32);
    CHECK(c.relay.request.json.number_digits == 40);
    CHECK(c.relay.request.choices_max == 4);
    CHECK(c.relay.upstream_event == 1048576);
    CHECK(c.relay.upstream_body == 2097152);
    CHECK(c.relay.streams_per_key == 3);
    CHECK(c.relay.heartbeat == 7s);
    const auto& t = c.server.timeouts;
    CHECK(std::vector<std::chrono::milliseconds>{
              t.tls_handshake, t.request_head, t.request_body, t.idle, t.write, t.drain} ==
          std::vector<std::chrono::milliseconds>{1s, 2s, 3s, 4s, 5s, 6s});
    CHECK(c.storage.data_folder == "data");
    CHECK(c.storage.ledger_size == 1048576);
    CHECK(c.logging.threshold == log::level::warn);
    CHECK(c.logging.shape == log::format::json);
    CHECK(c.logging.file == "conf/log.txt");
    REQUIRE(c.providers.size() == 2);
    const auto& a = c.providers[0];
    CHECK(a.vendor == "google");
    CHECK(a.api_key.expose() == "sk-from-file");
    CHECK(a.retries == 0);
    CHECK(a.headers ==
          std::vector<std::pair<std::string, std::string>>{{"X-Team", "one"}, {"X-Number", "2"}});
    CHECK(a.timeouts.connect == 8s);
    CHECK(a.timeouts.request == 1h);
    REQUIRE(a.proxy.has_value());
    CHECK(a.proxy->port == 3128);
    const auto& slow = c.providers[1];
    CHECK(slow.builtin_echo);
    CHECK(slow.vendor == "echo");
    CHECK(slow.echo_pace == 20ms);
    CHECK(slow.echo_first_delay == 1s);
    CHECK(slow.echo_words == 100);
    CHECK(a.id != slow.id);
}

TEST_CASE("config: one mistake, its place and its text", "[app][config]") {
    struct row {
        const char* text;
        const char* expected;
    };
    const row rows[] = {
        {"sever: {}", "conf/g.yaml:1:1: unknown setting `sever`; did you mean `server`?"},
        {"server:\n  listne: x",
         "conf/g.yaml:2:3: unknown setting `server.listne`; did you mean `listen`?"},
        {"server: {connect: 5s}", "did you mean `server.timeouts.connect`?"},
        {"logging: {banana: 1}",
         "1:11: unknown setting `logging.banana`; known here: level, format, file"},
        {"server: [1]", "1:9: `server` expects settings, not a list"},
        {"server: 5", "`server` expects settings, not text"},
        {"server: {limits: 5}", "`server.limits` expects settings, not text"},
        {"server: {listen: [a]}", "`server.listen` expects one value, not a list"},
        {"server: {listen: }", "`server.listen` has no value"},
        {"server: {listen: '8000'}", "`server.listen` expects HOST:PORT"},
        {"server: {threads: many}", "1:19: `server.threads` expects a whole number, not `many`"},
        {"server: {threads: 257}", "`server.threads` must be from 0 to 256, not `257`"},
        {"server: {threads: -1}", "expects a whole number"},
        {"server: {threads: 99999999999999999999}", "expects a whole number"},
        {"server: {timeouts: {idle: 5}}", "expects a duration with its unit"},
        {"server: {timeouts: {idle: 25h}}", "must be from 1ms to 1d, not `25h`"},
        {"server: {timeouts: {idle: 0s}}", "must be from 1ms to 1d"},
        {"server: {limits: {request_body: 10MB}}", "expects a size like"},
        {"server: {limits: {request_body: 2GiB}}", "must be from 1KiB to 1GiB"},
        {"server: {limits: {request_line: 1MiB}}", "`server.limits.request_line` is larger"},
        {"server: {tls: {certificate: a.pem}}", "1:29: `server.tls` needs both"},
        {"server: {tls: {certificate: '', key: k}}", "`server.tls.certificate` is empty"},
        {"server: {cors: {origins: [https://a/b]}}", "1:27: `server.cors.origins` expects"},
        {"server: {cors: {origins: ['null']}}", "`server.cors.origins` expects"},
        {"server: {trusted_proxies: [10.0.0.1/8]}", "`server.trusted_proxies` expects"},
        {"server: {hosts: ['a:80']}", "`server.hosts` expects"},
        {"logging: {level: loud}", "expects debug, info, warn or error, not `loud`"},
        {"storage: {data: ''}", "`storage.data` is empty"},
        {"storage: {ledger_size: 1}", "must be from 1MiB to 4GiB"},
        {"a: ${NOPE}", "unknown setting `a`"},
        {"server: {listen: '${NOPE}'}",
         "`server.listen`: the environment variable NOPE is not set"},
        {"server: {listen: 'file:/nope'}", "`server.listen`: /nope: No such file"},
        {"providers: {}", "`providers` expects a list"},
        {"providers: [a]", "1:13: an entry of `providers` expects settings"},
        {"providers: [{vendor: openai}]", "1:13: a provider needs `name`"},
        {"providers: [{name: a}]", "a provider needs `vendor`"},
        {"providers: [{name: a/b, vendor: openai}]",
         "`providers[].name` expects at most 64 letters"},
        {"providers: [{name: a, vendor: openia}]",
         "1:31: unknown vendor `openia`; did you mean `openai`?"},
        {"providers: [{name: a, vendor: zzz}]", "a host that speaks OpenAI's protocol"},
        {"providers: [{name: a, vendor: openai}, {name: a, vendor: openai}]",
         "1:47: the name of an earlier provider: `a`"},
        {"providers: [{name: echo, vendor: openai}]", "belongs to the built-in provider"},
        {"providers: [{name: a, vendor: openai, base_url: 'ftp://x'}]",
         "`providers[].base_url` expects"},
        {"providers: [{name: a, vendor: custom}]", "the address of `custom` is not known"},
        {"providers: [{name: a, vendor: account}]", "the address of `account` is not known"},
        {"providers: [{name: a, vendor: openai, api_key: 'a b'}]",
         "`providers[].api_key` has a space"},
        {"providers: [{name: a, vendor: openai, api_key: [x]}]", "expects one value, not a list"},
        {"providers: [{name: a, vendor: openai, headers: [x]}]", "expects names with values"},
        {"providers: [{name: a, vendor: openai, headers: {Host: x}}]", "`host` is the gateway's"},
        {"providers: [{name: a, vendor: openai, headers: {'a b': x}}]", "`a b` is no header name"},
        {"providers: [{name: a, vendor: openai, headers: {X-A: b, x-a: c}}]", "`x-a` is set twice"},
        {"providers: [{name: a, vendor: openai, headers: {X-A: \"b\\r\\nc: d\"}}]",
         "control character"},
        {"providers: [{name: a, vendor: openai, proxy: 'socks5://x:1'}]",
         "`providers[].proxy` expects"},
        {"providers: [{name: a, vendor: openai, retries: 11}]", "must be from 0 to 10"},
        {"providers: [{name: a, vendor: openai, pace: 1s}]",
         "1:39: `pace` is a setting of `vendor: echo`"},
        {"providers: [{name: a, vendor: echo, api_key: x}]", "no address, key or proxy"},
        {"models: [{name: a}]", "1:10: an entry of `models` needs `provider`"},
        {"models: [{name: a, provider: nope}]",
         "1:30: there is no provider `nope`; there are: echo"},
        {"models: [{name: a, provider: ecko}]", "did you mean `echo`?"},
        {"models: [{name: a, provider: ''}]", "there is no provider"},
        {"models: [{name: a*b, provider: echo}]", "a pattern has one `*`, at its end, not `a*b`"},
        {"models: [{name: '', provider: echo}]", "`models[].name` is empty"},
        {"models: [{name: a, provider: echo, model: ''}]", "`models[].model` is empty"},
        {"models: [{name: a, provider: echo, model: 'b*'}]", "needs a `name` that ends in `*`"},
        {"models: [{name: a, provider: echo}, {name: a, provider: echo}]",
         "the name of an earlier model: `a`"},
        {"a: [1", "not valid YAML"},
    };
    for (const auto& r : rows) {
        CAPTURE(r.text);
        const auto loaded = read(r.text);
        const auto text = problems(loaded);
        CAPTURE(text);
        CHECK(loaded.problems.size() == 1);
        CHECK(text.find(r.expected) != std::string::npos);
    }
}

TEST_CASE("config: all problems are told at once, in the order of the file", "[app][config]") {
    const auto loaded =
        read("server: {threads: x, idle: 1}\nmodels: [{name: a, provider: b}]\nlogin: 1\n",
             {{"PORT", "x"}});
    REQUIRE(loaded.problems.size() == 5);
    CHECK(loaded.problems[0].source == "PORT");
    CHECK(loaded.problems[1].at.column == 19);
    CHECK(loaded.problems[2].at.column == 22);
    CHECK(loaded.problems[3].at.line == 2);
    CHECK(loaded.problems[4].at.line == 3);
    const auto report = report_check(loaded);
    CHECK(report.exit_code == 1);
    CHECK(report.text.ends_with("5 problems\n"));
}

TEST_CASE("config: a faulty provider does not make its models faulty", "[app][config]") {
    const auto loaded =
        read("providers: [{name: a, vendor: nope}]\nmodels: [{name: m, provider: a}]\n");
    CHECK(loaded.problems.size() == 1);
}

TEST_CASE("config: secrets never show in a message", "[app][config]") {
    const std::string planted = "sk-planted 8f3a";
    const char* const templates[] = {
        "providers: [{name: a, vendor: openai, api_key: VALUE}]",
        "providers: [{name: a, vendor: openai, base_url: VALUE}]",
        "providers: [{name: a, vendor: openai, proxy: VALUE}]",
        "providers: [{name: a, vendor: openai, headers: {X-Key: VALUE, host: VALUE}}]",
        "providers: [{name: VALUE, vendor: openai}]",
        "providers: [{name: a, vendor: VALUE}]",
        "server: {listen: VALUE, threads: VALUE, hosts: [VALUE], trusted_proxies: [VALUE]}",
        "server: {cors: {origins: [VALUE]}, limits: {connections: VALUE}, timeouts: {idle: VALUE}}",
        "logging: {level: VALUE, format: VALUE}",
        "models: [{name: a, provider: VALUE}, {name: a, provider: VALUE}]",
        "storage: {data: 'file:/x/VALUE'}",
    };
    for (const auto* text : templates) {
        CAPTURE(text);
        std::string filled(text);
        for (auto at = filled.find("VALUE"); at != std::string::npos; at = filled.find("VALUE")) {
            filled.replace(at, 5, filled.find("file:") != std::string::npos ? "${S}" : "\"${S}\"");
        }
        const auto loaded = read(filled, {{"S", planted}});
        CHECK_FALSE(loaded.ok());
        CHECK(problems(loaded).find("planted") == std::string::npos);
    }
    // Nor do those that stand in the file itself.
    for (const auto* text :
         {"providers: [{name: a, vendor: openai, api_key: 'sk-planted x'}]",
          "providers: [{name: a, vendor: openai, base_url: 'https://u:planted@h'}]",
          "providers: [{name: a, vendor: openai, headers: {X-K: \"planted\\n\"}}]"}) {
        CHECK(problems(read(text)).find("planted") == std::string::npos);
    }
    const auto c = good("providers: [{name: a, vendor: openai, api_key: sk-planted}]");
    CHECK(report_check({c, {}}).text.find("planted") == std::string::npos);
}

TEST_CASE("config: values of variables are no YAML", "[app][config]") {
    const auto c = good("logging: {file: \"${F}\"}", {{"F", "a: [b, {c"}});
    CHECK(c.logging.file == "conf/a: [b, {c");
    CHECK(good("server: {threads: \"${N:-3}\"}").server.threads == 3);
}

TEST_CASE("config: without providers in the file the environment makes them", "[app][config]") {
    const auto c = good("server: {timeouts: {connect: 1s}}",
                        {{"OPENAI_API_KEY", "sk-o"}, {"GEMINI_API_KEY", "sk-g"}});
    REQUIRE(c.providers.size() == 2);
    CHECK(c.providers[0].name == "openai");
    CHECK(c.providers[0].where.host == "api.openai.com");
    CHECK(c.providers[0].api_key.expose() == "sk-o");
    CHECK(c.providers[0].timeouts.connect == 1s);
    CHECK(c.providers[1].name == "google");

    const auto moved =
        good("", {{"OPENAI_API_KEY", "sk-o"}, {"OPENAI_BASE_URL", "http://127.0.0.1:9100/v1"}});
    REQUIRE(moved.providers.size() == 1);
    CHECK(moved.providers[0].where.authority() == "127.0.0.1:9100");

    const auto keyless = good("", {{"OPENAI_BASE_URL", "http://127.0.0.1:9100/v1"}});
    REQUIRE(keyless.providers.size() == 1);
    CHECK(keyless.providers[0].auth == policy::auth_style::none);

    CHECK(good("providers: []", {{"OPENAI_API_KEY", "sk-o"}}).providers.empty());
    CHECK(good("", {{"OPENAI_API_KEY", ""}}).providers.empty());
}

TEST_CASE("config: a vendor's address with a part of the account", "[app][config]") {
    const auto c = good("", {{"ACCOUNT_KEY", "k"}, {"ACCOUNT_ID", "my-team1"}});
    REQUIRE(c.providers.size() == 1);
    CHECK(c.providers[0].where.host == "my-team1.example");
    for (const auto* id : {"evil.example/", "a b", "", "x@y"}) {
        CAPTURE(id);
        const auto none = good("", {{"ACCOUNT_KEY", "k"}, {"ACCOUNT_ID", id}});
        CHECK(none.providers.empty());
        CHECK(warns(none,
                    "ACCOUNT_KEY is set, but the address of account is not known: set ACCOUNT_ID"));
    }
}

TEST_CASE("config: mistakes of the environment name the variable", "[app][config]") {
    const std::pair<variables, const char*> rows[] = {
        {{{"OPENAI_BASE_URL", "nope"}}, "OPENAI_BASE_URL: expects an address"},
        {{{"OPENAI_API_KEY", "a b"}}, "OPENAI_API_KEY: has a space"},
        {{{"GAIAROUTER_LISTEN", "nope"}}, "GAIAROUTER_LISTEN: expects HOST:PORT"},
        {{{"GAIAROUTER_THREADS", "x"}}, "GAIAROUTER_THREADS: expects a number"},
        {{{"GAIAROUTER_LOG_LEVEL", "x"}}, "GAIAROUTER_LOG_LEVEL: expects debug"},
        {{{"GAIAROUTER_LOG_FORMAT", "x"}}, "GAIAROUTER_LOG_FORMAT: expects text or json"},
        {{{"CORS_ORIGINS", "https://a,b"}}, "CORS_ORIGINS: expects"},
        {{{"OPENAI_API_KEY", "k"}, {"HTTPS_PROXY", "http://u:p@h:1"}}, "HTTPS_PROXY: expects"},
    };
    for (const auto& [env, expected] : rows) {
        const auto loaded = read("", env);
        CAPTURE(expected, problems(loaded));
        CHECK(loaded.problems.size() == 1);
        CHECK(problems(loaded).find(expected) == 0);
        CHECK(problems(loaded).find("u:p") == std::string::npos);
    }
}

TEST_CASE("config: a vendor's key goes to the vendor's address only", "[app][config]") {
    const variables env{{"OPENAI_API_KEY", "sk-o"}};
    CHECK(good("providers: [{name: a, vendor: openai}]", env).providers[0].api_key.expose() ==
          "sk-o");
    const auto own = good("providers: [{name: a, vendor: openai, base_url: 'http://h/v1'}]", env);
    CHECK(own.providers[0].api_key.empty());
    CHECK(own.providers[0].auth == policy::auth_style::none);
    CHECK(warns(good("providers: [{name: a, vendor: openai}]"), "provider a has no api_key"));
}

TEST_CASE("config: flag over environment over file over default", "[app][config]") {
    auto from = sources({{"GAIAROUTER_LISTEN", "127.0.0.2:2"},
                         {"HOST", "127.0.0.9"},
                         {"PORT", "9"},
                         {"GAIAROUTER_DATA", "/env"},
                         {"GAIAROUTER_THREADS", "2"},
                         {"GAIAROUTER_LOG_LEVEL", "error"},
                         {"LOG_LEVEL", "debug"},
                         {"GAIAROUTER_LOG_FORMAT", "json"},
                         {"CORS_ORIGINS", "https://a.example, https://b.example,"}});
    from.file =
        configuration_text{"g.yaml",
                           "server: {listen: '127.0.0.3:3', threads: 3, cors: {origins: '*'}}\n"
                           "storage: {data: /file}\nlogging: {level: info, format: text}\n"};
    const auto env = read_configuration(from);
    REQUIRE(env.ok());
    CHECK(env.config.server.host == "127.0.0.2");
    CHECK(env.config.server.port == 2);
    CHECK(env.config.server.threads == 2);
    CHECK(env.config.storage.data_folder == "/env");
    CHECK(env.config.logging.threshold == log::level::error);
    CHECK(env.config.logging.shape == log::format::json);
    CHECK(env.config.server.cors_origins ==
          std::vector<std::string>{"https://a.example", "https://b.example"});

    from.flags.listen = "127.0.0.1:1";
    from.flags.data = "/flag";
    from.flags.threads = "1";
    const auto flag = read_configuration(from);
    REQUIRE(flag.ok());
    CHECK(flag.config.server.port == 1);
    CHECK(flag.config.storage.data_folder == "/flag");
    CHECK(flag.config.server.threads == 1);

    from.env = environment({{"HOME", "/h"}});
    from.flags = {};
    const auto file = read_configuration(from);
    CHECK(file.config.server.port == 3);
    CHECK(file.config.storage.data_folder == "/file");
    CHECK(file.config.server.threads == 3);

    from.flags.listen = "nope";
    CHECK(problems(read_configuration(from)).find("--listen: expects HOST:PORT") == 0);
}

TEST_CASE("config: HOST and PORT, each for itself", "[app][config]") {
    CHECK(good("", {{"PORT", "9000"}}).server.port == 9000);
    CHECK(good("", {{"PORT", "9000"}}).server.host == "127.0.0.1");
    CHECK(good("server: {listen: '[::1]:3'}", {{"PORT", "9000"}}).server.host == "::1");
    const auto open = good("", {{"HOST", "0.0.0.0"}});
    CHECK(open.server.host == "0.0.0.0");
    CHECK(warns(open, "0.0.0.0:8000 is a public address without TLS"));
    const auto shell = good("", {{"HOST", "my-laptop"}});  // as some shells set it
    CHECK(shell.server.host == "127.0.0.1");
    CHECK(warns(shell, "HOST is no address"));
    CHECK(warns(good("", {{"LOG_LEVEL", "trace"}}), "LOG_LEVEL is none of"));
    CHECK(good("", {{"LOG_LEVEL", "WARNING"}}).logging.threshold == log::level::warn);
}

TEST_CASE("config: a public address is warned of unless TLS stands before it", "[app][config]") {
    const std::pair<const char*, bool> rows[] = {
        {"server: {listen: ':8000'}", true},
        {"server: {listen: '[::]:8000'}", true},
        {"server: {listen: 'gateway.example:8000'}", true},
        {"server: {listen: 'localhost:8000'}", false},
        {"server: {listen: '127.3.2.1:8000'}", false},
        {"server: {listen: ':8000', tls: {certificate: c, key: k}}", false},
        {"server: {listen: ':8000', trusted_proxies: [10.0.0.1]}", false},
    };
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        CHECK(warns(good(text), "public address") == expected);
    }
}

TEST_CASE("config: the environment's proxy serves https providers without their own",
          "[app][config]") {
    const char* const text = R"(
providers:
  - {name: a, vendor: openai, base_url: https://a.example}
  - {name: b, vendor: openai, base_url: http://b.example}
  - {name: c, vendor: openai, base_url: https://c.internal}
  - {name: d, vendor: openai, base_url: https://d.example, proxy: none}
  - {name: e, vendor: openai, base_url: https://e.example, proxy: "other:1"}
)";
    const auto c = good(text, {{"https_proxy", "proxy:3128"}, {"NO_PROXY", ".internal"}});
    REQUIRE(c.providers.size() == 5);
    REQUIRE(c.providers[0].proxy.has_value());
    CHECK(c.providers[0].proxy->host == "proxy");
    CHECK_FALSE(c.providers[1].proxy.has_value());
    CHECK_FALSE(c.providers[2].proxy.has_value());
    CHECK_FALSE(c.providers[3].proxy.has_value());
    REQUIRE(c.providers[4].proxy.has_value());
    CHECK(c.providers[4].proxy->host == "other");
}

TEST_CASE("check: a summary of what is configured", "[app]") {
    const auto c = good(
        "providers: [{name: a, vendor: openai, api_key: k}]\nmodels: [{name: m, provider: a, "
        "model: x}]\n");
    const auto report = report_check({c, {}});
    CHECK(report.exit_code == 0);
    CHECK(report.text ==
          "conf/g.yaml: ok\n"
          "listen: http://127.0.0.1:8000\n"
          "data: /home/one/.local/share/gaiarouter\n"
          "providers: 1 and the built-in echo\n"
          "  a (openai) https://api.openai.com/v1, with a key\n"
          "models: 1\n"
          "  m -> a/x\n");
}

TEST_CASE("load: a file that was asked for must be there", "[app][config]") {
    overrides flags;
    flags.config = "/nonexistent/g.yaml";
    const auto loaded = load_configuration(flags, environment(), {});
    REQUIRE(loaded.problems.size() == 1);
    CHECK(to_string(loaded.problems[0]) ==
          "/nonexistent/g.yaml: No such file or directory (given by --config)");
    flags.config = "/";
    CHECK(problems(load_configuration(flags, environment(), {})).find("is a folder") !=
          std::string::npos);
}

TEST_CASE("first run: what is shown can be pasted", "[app]") {
    net::settings server;
    CHECK(address_for_people(server, 8000) == "http://127.0.0.1:8000");
    server.host = "0.0.0.0";
    CHECK(address_for_people(server, 8000) == "http://127.0.0.1:8000");
    server.host = "::";
    server.tls.certificate = "c.pem";
    CHECK(address_for_people(server, 443) == "https://[::1]:443");

    first_run made;
    made.address = "http://127.0.0.1:8000";
    made.data_folder = "/d";
    made.password = "pass-word";
    made.key = "sk-gr-abc";
    const auto text = render_first_run(made);
    for (const auto* part : {"http://127.0.0.1:8000",
                             "admin",
                             "pass-word",
                             "sk-gr-abc",
                             "/d",
                             "curl -N http://127.0.0.1:8000/v1/chat/completions",
                             "\"Authorization: Bearer sk-gr-abc\"",
                             "\"model\": \"echo/echo-1\"",
                             "\"stream\": true"}) {
        CAPTURE(part);
        CHECK(text.find(part) != std::string::npos);
    }
    made.key.reset();
    made.password.reset();
    CHECK(render_first_run(made).find("Bearer $GAIAROUTER_ADMIN_KEY") != std::string::npos);
}
