#include "core/app/config_table.hpp"

#include <array>

namespace gaia::app {
namespace {

constexpr std::int64_t KiB = 1024;
constexpr std::int64_t MiB = 1024 * KiB;
constexpr std::int64_t GiB = 1024 * MiB;
constexpr std::int64_t second = 1'000;
constexpr std::int64_t day = 86'400 * second;

constexpr std::array<std::string_view, 4> levels{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> formats{"text", "json"};

// The orders of the enums, which a choice's index is cast to.
static_assert(static_cast<int>(log::level::error) == 3 && static_cast<int>(log::format::json) == 1);

// A row whose field is `target.FIELD`.
#define GAIA_COUNT(TARGET, PATH, FIELD, MIN, MAX)                     \
    number_setting<TARGET, [](auto& t) -> auto& { return t.FIELD; }>( \
        PATH, value_kind::count, MIN, MAX)
#define GAIA_BYTES(TARGET, PATH, FIELD, MIN, MAX)                     \
    number_setting<TARGET, [](auto& t) -> auto& { return t.FIELD; }>( \
        PATH, value_kind::bytes, MIN, MAX)
#define GAIA_DURATION(TARGET, PATH, FIELD, MIN, MAX)                  \
    number_setting<TARGET, [](auto& t) -> auto& { return t.FIELD; }>( \
        PATH, value_kind::duration, MIN, MAX)
#define GAIA_TEXT(TARGET, PATH, FIELD, KIND) \
    text_setting<TARGET, [](auto& t) -> auto& { return t.FIELD; }>(PATH, KIND)
#define GAIA_TEXTS(TARGET, PATH, FIELD) \
    texts_setting<TARGET, [](auto& t) -> auto& { return t.FIELD; }>(PATH)
#define GAIA_PAIRS(TARGET, PATH, FIELD) \
    pairs_setting<TARGET, [](auto& t) -> auto& { return t.FIELD; }>(PATH)
#define GAIA_CHOICE(TARGET, PATH, FIELD, CHOICES) \
    choice_setting<TARGET, [](auto& t) -> auto& { return t.FIELD; }>(PATH, CHOICES)

const setting<file_draft> file_table[] = {
    GAIA_TEXT(file_draft, "server.listen", listen, value_kind::text),
    GAIA_COUNT(file_draft, "server.threads", config.server.threads, 0, 256),
    GAIA_TEXT(file_draft, "server.tls.certificate", certificate, value_kind::path),
    GAIA_TEXT(file_draft, "server.tls.key", key, value_kind::path),
    GAIA_TEXTS(file_draft, "server.cors.origins", cors_origins),
    GAIA_TEXTS(file_draft, "server.trusted_proxies", trusted_proxies),
    GAIA_TEXTS(file_draft, "server.hosts", hosts),

    // The upper bounds keep a slip of the keyboard from taking the process down with it.
    GAIA_BYTES(
        file_draft, "server.limits.request_line", config.server.limits.request_line, 256, MiB),
    GAIA_BYTES(
        file_draft, "server.limits.request_head", config.server.limits.request_head, KiB, MiB),
    GAIA_COUNT(file_draft,
               "server.limits.request_headers",
               config.server.limits.request_headers,
               10,
               1'000),
    GAIA_BYTES(
        file_draft, "server.limits.request_body", config.server.limits.request_body, KiB, GiB),
    GAIA_COUNT(file_draft, "server.limits.json_depth", config.relay.request.json.depth, 4, 256),
    GAIA_COUNT(file_draft,
               "server.limits.json_number_digits",
               config.relay.request.json.number_digits,
               20,
               1'024),
    GAIA_COUNT(file_draft, "server.limits.choices", config.relay.request.choices_max, 1, 128),
    GAIA_BYTES(file_draft,
               "server.limits.chunk_extensions",
               config.server.limits.chunk_extensions,
               0,
               MiB),
    GAIA_BYTES(file_draft, "server.limits.trailers", config.server.limits.trailers, 0, MiB),
    GAIA_BYTES(
        file_draft, "server.limits.upstream_head", config.server.limits.upstream_head, KiB, MiB),
    GAIA_BYTES(
        file_draft, "server.limits.upstream_event", config.relay.upstream_event, KiB, 256 * MiB),
    GAIA_BYTES(file_draft, "server.limits.upstream_body", config.relay.upstream_body, KiB, GiB),
    GAIA_COUNT(
        file_draft, "server.limits.connections", config.server.limits.connections, 1, 1'000'000),
    GAIA_COUNT(file_draft,
               "server.limits.connections_per_address",
               config.server.limits.connections_per_address,
               1,
               1'000'000),
    GAIA_COUNT(file_draft,
               "server.limits.requests_per_connection",
               config.server.limits.requests_per_connection,
               1,
               1'000'000'000),
    GAIA_COUNT(
        file_draft, "server.limits.streams_per_key", config.relay.streams_per_key, 1, 1'000'000),

    GAIA_DURATION(
        file_draft, "server.timeouts.tls_handshake", config.server.timeouts.tls_handshake, 1, day),
    GAIA_DURATION(
        file_draft, "server.timeouts.request_head", config.server.timeouts.request_head, 1, day),
    GAIA_DURATION(
        file_draft, "server.timeouts.request_body", config.server.timeouts.request_body, 1, day),
    GAIA_DURATION(file_draft, "server.timeouts.idle", config.server.timeouts.idle, 1, day),
    GAIA_DURATION(file_draft, "server.timeouts.write", config.server.timeouts.write, 1, day),
    GAIA_DURATION(file_draft, "server.timeouts.drain", config.server.timeouts.drain, 0, day),
    GAIA_DURATION(file_draft, "server.timeouts.heartbeat", config.relay.heartbeat, 10, day),
    GAIA_DURATION(file_draft, "server.timeouts.connect", config.upstream.connect, 1, day),
    GAIA_DURATION(file_draft, "server.timeouts.first_byte", config.upstream.first_byte, 1, day),
    GAIA_DURATION(file_draft, "server.timeouts.stream_idle", config.upstream.stream_idle, 1, day),
    GAIA_DURATION(file_draft, "server.timeouts.request", config.upstream.request, 1, day),

    GAIA_TEXT(file_draft, "storage.data", data, value_kind::path),
    GAIA_BYTES(file_draft, "storage.ledger_size", config.storage.ledger_size, MiB, 4 * GiB),

    GAIA_CHOICE(file_draft, "logging.level", config.logging.threshold, levels),
    GAIA_CHOICE(file_draft, "logging.format", config.logging.shape, formats),
    GAIA_TEXT(file_draft, "logging.file", log_file, value_kind::path),
};

const setting<provider_draft> provider_table[] = {
    GAIA_TEXT(provider_draft, "name", name, value_kind::text),
    GAIA_TEXT(provider_draft, "vendor", vendor, value_kind::text),
    GAIA_TEXT(provider_draft, "base_url", base_url, value_kind::text),
    GAIA_TEXT(provider_draft, "api_key", api_key, value_kind::secret),
    GAIA_PAIRS(provider_draft, "headers", headers),
    GAIA_COUNT(provider_draft, "retries", retries, 0, 10),
    GAIA_DURATION(provider_draft, "timeouts.connect", timeouts.connect, 1, day),
    GAIA_DURATION(provider_draft, "timeouts.first_byte", timeouts.first_byte, 1, day),
    GAIA_DURATION(provider_draft, "timeouts.stream_idle", timeouts.stream_idle, 1, day),
    GAIA_DURATION(provider_draft, "timeouts.request", timeouts.request, 1, day),
    GAIA_TEXT(provider_draft, "proxy", proxy, value_kind::text),
    GAIA_DURATION(provider_draft, "pace", pace, 0, 60 * second),
    GAIA_DURATION(provider_draft, "first_delay", first_delay, 0, 600 * second),
    GAIA_COUNT(provider_draft, "words", words, 0, 100'000),
};

const setting<model_draft> model_table[] = {
    GAIA_TEXT(model_draft, "name", name, value_kind::text),
    GAIA_TEXT(model_draft, "provider", provider, value_kind::text),
    GAIA_TEXT(model_draft, "model", model, value_kind::text),
};

#undef GAIA_COUNT
#undef GAIA_BYTES
#undef GAIA_DURATION
#undef GAIA_TEXT
#undef GAIA_TEXTS
#undef GAIA_PAIRS
#undef GAIA_CHOICE

template <class Target>
void append_keys(std::vector<known_key>& keys,
                 std::string_view prefix,
                 std::span<const setting<Target>> table) {
    const Target defaults{};
    for (const setting<Target>& row : table) {
        known_key key;
        key.path = std::string(prefix).append(row.path);
        key.kind = row.kind;
        key.min = row.min;
        key.max = row.max;
        key.choices.assign(row.choices.begin(), row.choices.end());
        if (row.load != nullptr) {
            key.default_number = row.load(defaults);
        }
        keys.push_back(std::move(key));
    }
}

}  // namespace

std::span<const setting<file_draft>> file_settings() {
    return file_table;
}
std::span<const setting<provider_draft>> provider_settings() {
    return provider_table;
}
std::span<const setting<model_draft>> model_settings() {
    return model_table;
}

std::vector<known_key> known_keys() {
    std::vector<known_key> keys;
    append_keys(keys, "", file_settings());
    append_keys(keys, "providers[].", provider_settings());
    append_keys(keys, "models[].", model_settings());
    return keys;
}

}  // namespace gaia::app
