#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/chat/dialect.hpp"
#include "core/chat/model.hpp"
#include "core/policy/key.hpp"

// What a request needs to know, immutable, swapped as a whole: keys, providers, models. A request
// takes one snapshot at its start and keeps it to its end.
namespace gaia::policy {

// Where a provider is reached. Parsed once from base_url.
struct origin {
    bool tls = true;
    std::string host;  // without brackets
    std::uint16_t port = 443;
    std::string path;               // base path without a trailing slash: "/v1"
    std::string authority() const;  // for the Host header: brackets for IPv6, no default port
};

// "https://api.openai.com/v1" -> origin. nullopt for anything but http(s) without user, query,
// fragment.
std::optional<origin> parse_origin(std::string_view url);

struct upstream_timeouts {
    std::chrono::milliseconds connect{5'000};  // DNS, TCP and TLS
    std::chrono::milliseconds first_byte{120'000};
    std::chrono::milliseconds stream_idle{60'000};
    std::chrono::milliseconds request{900'000};  // the whole of it
};

enum class auth_style : std::uint8_t { none, bearer, x_api_key, api_key, x_goog_api_key };

// A configured account at a vendor.
struct provider {
    provider_id id;
    std::string name;     // unique; the prefix of {provider}/{model}
    std::string vendor;   // catalogue id
    std::string dialect;  // of its vendor: "openai_chat"
    origin where;
    std::string authority;        // of `where`, filled by the snapshot
    bool trusted_address = true;  // from the operator's file or environment; else egress rules hold
    secret api_key;
    auth_style auth = auth_style::bearer;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<origin> proxy;
    chat::quirks quirks;
    upstream_timeouts timeouts;
    int retries = 1;
    std::size_t head_bytes_max = 64 * 1024;  // server.limits.upstream_head
    bool builtin_echo = false;
    std::chrono::milliseconds echo_pace{0};
    std::chrono::milliseconds echo_first_delay{0};
    int echo_words = 0;  // 0: as long as the question
};

// A line of `models:`. A pattern ends in "*" or is "*"; otherwise it is an exact name.
struct model_rule {
    std::string name;
    std::string provider;
    // The upstream's name. Empty: the name asked for, without a leading "{provider}/". For a
    // pattern it may end in "*", which stands for what the pattern's "*" matched.
    std::string model;
};

// Where a request may go.
struct target {
    const provider* at = nullptr;
    std::string model;                         // the upstream's name for it
    const chat::model_facts* facts = nullptr;  // nullptr: unknown, so unpriced
};

struct listed_model {
    std::string id;
    std::string owned_by;
    std::string provider;
    std::int64_t created = 0;
    const chat::model_facts* facts = nullptr;
};

// How names are looked up in the catalogue, so that policy does not depend on providers/catalog.
struct catalog_port {
    const chat::model_facts* (*find_model)(std::string_view vendor, std::string_view id) = nullptr;
    // The vendor whose catalogue or prefix knows a plain model name; empty when none does.
    std::string_view (*vendor_of_model)(std::string_view model) = nullptr;
    std::vector<const chat::model_facts*> (*models_of)(std::string_view vendor) = nullptr;
};

// A name longer than this is nobody's.
inline constexpr std::size_t model_name_bytes_max = 256;
inline constexpr std::size_t listed_models_max = 5'000;

// The built-in provider: answers by itself, is always there and needs no key.
inline constexpr std::string_view echo_name = "echo";
inline constexpr std::string_view echo_model = "echo-1";
// Providers of the configuration have negative ids (-2 and below), those of the database positive
// ones.
inline constexpr provider_id builtin_echo_id{-1};

class snapshot {
public:
    // Adds the built-in provider `echo` unless `providers` has one of that name.
    snapshot(std::vector<key_record> keys,
             std::vector<provider> providers,
             std::vector<model_rule> rules,
             catalog_port catalog);

    snapshot(const snapshot&) = delete;
    snapshot& operator=(const snapshot&) = delete;

    // By the SHA-256 of the presented credential.
    const key_record* find_key(const sha256_digest& hash) const noexcept;
    const key_record* find_key(key_id id) const noexcept;

    // Exact rules first, then {provider}/{anything}, then patterns (longest first), then echo-1,
    // then, when there are no rules at all, {vendor}/{anything} and the provider whose vendor knows
    // the plain name; the first configured wins. model_not_found otherwise.
    result<target> resolve(std::string_view model) const;
    // Exact rules, then each provider's catalogue as {provider}/{id}. At most listed_models_max.
    std::vector<listed_model> models() const;
    // A name that resolves and of which something is known: an exact rule or pattern of the
    // operator, or a model of the catalogue. `id` is the name asked for.
    std::optional<listed_model> find_listed(std::string_view id) const;

    const std::vector<provider>& providers() const noexcept { return providers_; }
    const std::vector<key_record>& keys() const noexcept { return keys_; }

private:
    enum class found_by : std::uint8_t { exact, provider, pattern, catalog };
    struct resolution {
        target where;
        found_by how = found_by::exact;
    };

    void add_builtin_echo();
    void index_keys();
    void index_rules();
    const provider* find_provider(std::string_view name) const noexcept;
    const provider* first_of_vendor(std::string_view vendor) const noexcept;
    target make_target(const provider& at, std::string_view model) const;
    std::optional<resolution> look_up(std::string_view model) const;
    std::optional<target> by_provider_name(std::string_view model) const;
    std::optional<target> by_pattern(std::string_view model) const;
    std::optional<target> by_catalog(std::string_view model) const;

    struct digest_hash {
        std::size_t operator()(const sha256_digest& d) const noexcept;
    };

    std::vector<key_record> keys_;
    std::vector<provider> providers_;
    std::vector<model_rule> rules_;
    catalog_port catalog_;
    // Views and pointers into the vectors above, which never change after construction.
    std::unordered_map<sha256_digest, const key_record*, digest_hash> by_hash_;
    std::unordered_map<std::int64_t, const key_record*> by_id_;
    std::unordered_map<std::string_view, const provider*> by_name_;
    std::unordered_map<std::string_view, const model_rule*> exact_;
    std::vector<const model_rule*> patterns_;  // longest first
    std::size_t longest_provider_name_ = 0;
};

// The one place the current snapshot stands. get() from any thread; each I/O thread keeps a copy of
// the pointer and refreshes it when the version has moved, so that a request costs one atomic load.
class snapshot_cell {
public:
    std::shared_ptr<const snapshot> get() const { return current_.load(); }
    void set(std::shared_ptr<const snapshot> next) {
        current_.store(std::move(next));
        version_.fetch_add(1, std::memory_order_release);
    }
    std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }

private:
    std::atomic<std::shared_ptr<const snapshot>> current_;
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace gaia::policy
