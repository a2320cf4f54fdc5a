#include <fmt/format.h>

#include <set>

#include "core/app/config_reader.hpp"
#include "core/app/provider_rules.hpp"

// Providers, of the file or the environment.
namespace gaia::app {
namespace {

constexpr std::size_t headers_max = 32;
// Those of the database have positive ids, the built-in echo has -1.
constexpr std::int64_t first_provider_id = policy::builtin_echo_id.value - 1;

const std::string* first_filled(const environment& env, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (const std::string* const value = env.find_filled(name)) {
            return value;
        }
    }
    return nullptr;
}

class provider_builder {
public:
    provider_builder(const configuration_sources& from,
                     const file_contents& contents,
                     loaded_configuration& out)
        : from_(from), contents_(contents), out_(out) {}

    void run() {
        if (contents_.has_providers) {
            for (const provider_draft& draft : contents_.providers) {
                from_draft(draft);
            }
        } else {
            for (const vendor_facts& vendor : from_.vendors.vendors) {
                from_environment(vendor);
            }
        }
    }

private:
    void say(position at, std::string text) { report(from_, out_.problems, at, std::move(text)); }

    policy::provider begin(const std::string& name, const vendor_facts* vendor) {
        policy::provider p;
        p.id = provider_id{first_provider_id -
                           static_cast<std::int64_t>(out_.config.providers.size())};
        p.name = name;
        p.timeouts = out_.config.upstream;
        if (vendor != nullptr) {
            p.vendor = vendor->id;
            p.dialect = vendor->dialect;
            p.auth = vendor->auth;
            p.quirks = vendor->quirks;
        } else {
            p.vendor = policy::echo_name;
            p.auth = policy::auth_style::none;
            p.builtin_echo = true;
        }
        return p;
    }

    // HTTPS_PROXY, unless NO_PROXY names the host.
    std::optional<policy::origin> proxy_of_environment(const policy::origin& where) {
        if (!where.tls) {
            return std::nullopt;
        }
        for (const std::string_view name : {"HTTPS_PROXY", "https_proxy"}) {
            const std::string* const text = from_.env.find_filled(name);
            if (text == nullptr) {
                continue;
            }
            const std::string* no_proxy = from_.env.find_filled("NO_PROXY");
            if (no_proxy == nullptr) {
                no_proxy = from_.env.find_filled("no_proxy");
            }
            if (bypasses_proxy(no_proxy != nullptr ? *no_proxy : "", where.host, where.port)) {
                return std::nullopt;
            }
            const auto proxy = parse_proxy(*text);
            if (!proxy && !proxy_reported_) {
                proxy_reported_ = true;
                report(out_.problems,
                       name,
                       "expects http://HOST:PORT; other schemes, paths and credentials are not "
                       "supported");
            }
            return proxy;
        }
        return std::nullopt;
    }

    void from_environment(const vendor_facts& vendor) {
        const std::string* const key = first_filled(from_.env, vendor.key_env);
        const std::string* const address = first_filled(from_.env, vendor.base_url_env);
        if (key == nullptr && address == nullptr) {
            return;
        }
        policy::provider p = begin(vendor.id, &vendor);
        if (address != nullptr) {
            const auto where = policy::parse_origin(*address);
            if (!where) {
                report(out_.problems,
                       name_of(vendor.base_url_env, address),
                       "expects an address like https://api.example.com/v1");
                return;
            }
            p.where = *where;
        } else {
            const auto filled = fill_address(vendor.base_url, from_.env);
            const auto where = filled ? policy::parse_origin(*filled) : std::nullopt;
            if (!where) {
                out_.config.warnings.push_back(
                    fmt::format("{} is set, but the address of {} is not known: set {}",
                                name_of(vendor.key_env, key),
                                vendor.id,
                                missing_for(vendor)));
                return;
            }
            p.where = *where;
        }
        if (key != nullptr && !is_credential(*key)) {
            report(out_.problems,
                   name_of(vendor.key_env, key),
                   "has a space, a line end or another character in it that no key has");
            return;
        }
        set_key(p, key != nullptr ? *key : std::string());
        p.proxy = proxy_of_environment(p.where);
        out_.config.providers.push_back(std::move(p));
    }

    static void set_key(policy::provider& p, const std::string& key) {
        p.api_key = secret(key);
        if (key.empty()) {
            p.auth = policy::auth_style::none;
        }
    }

    // Which of the names holds this value.
    std::string name_of(const std::vector<std::string>& names, const std::string* value) const {
        for (const std::string& name : names) {
            if (from_.env.find_filled(name) == value) {
                return name;
            }
        }
        return {};
    }

    static std::string missing_for(const vendor_facts& vendor) {
        std::string text;
        for (std::size_t at = vendor.base_url.find("${"); at != std::string::npos;
             at = vendor.base_url.find("${", at + 2)) {
            const std::size_t end = vendor.base_url.find('}', at);
            text += text.empty() ? "" : ", ";
            text += vendor.base_url.substr(at + 2, end - at - 2);
        }
        if (text.empty()) {
            text = vendor.base_url_env.empty() ? "base_url" : vendor.base_url_env.front();
        }
        return text;
    }

    void from_draft(const provider_draft& draft) {
        const std::size_t problems_before = out_.problems.size();
        const std::string name = provider_name(draft);
        if (!draft.vendor) {
            if (find_key(draft.keys, "vendor") == nullptr) {
                say(draft.at, "a provider needs `vendor`, like openai");
            }
            return;
        }
        const bool echo = draft.vendor->text == policy::echo_name;
        const vendor_facts* const vendor = echo ? nullptr : from_.vendors.find(draft.vendor->text);
        if (!echo && vendor == nullptr) {
            unknown_vendor(*draft.vendor);
            return;
        }
        if (name == policy::echo_name && !echo) {
            say(draft.name->at, "the name `echo` belongs to the built-in provider");
        }
        policy::provider p = begin(name, vendor);
        p.timeouts = draft.timeouts;
        p.retries = draft.retries;
        if (echo) {
            settings_of_echo(draft, p);
        } else {
            for (const std::string_view only : {"pace", "first_delay", "words"}) {
                if (const auto* const key = find_key(draft.keys, only)) {
                    say(key->at, fmt::format("`{}` is a setting of `vendor: echo` alone", only));
                }
            }
            address_and_key(draft, *vendor, p);
            headers(draft, p);
            proxy(draft, p);
        }
        if (out_.problems.size() == problems_before) {
            out_.config.providers.push_back(std::move(p));
        }
    }

    std::string provider_name(const provider_draft& draft) {
        if (!draft.name) {
            if (find_key(draft.keys, "name") == nullptr) {
                say(draft.at, "a provider needs `name`");
            }
            return {};
        }
        const std::string& name = draft.name->text;
        if (!is_provider_name(name)) {
            say(draft.name->at,
                fmt::format("`providers[].name` expects at most {} letters, digits, `-`, `_` and "
                            "`.`, the first a letter or digit{}",
                            provider_name_bytes_max,
                            not_this(*draft.name)));
            return {};
        }
        if (!names_.insert(name).second) {
            say(draft.name->at,
                fmt::format("the name of an earlier provider{}",
                            draft.name->literal ? fmt::format(": `{}`", name) : ""));
        }
        return name;
    }

    void unknown_vendor(const located& value) {
        std::vector<std::string_view> known{policy::echo_name};
        for (const vendor_facts& v : from_.vendors.vendors) {
            known.push_back(v.id);
            known.insert(known.end(), v.aliases.begin(), v.aliases.end());
        }
        const std::string_view hint = nearest(value.text, known);
        say(value.at,
            fmt::format("unknown vendor{}{}",
                        value.literal ? fmt::format(" `{}`", shown(value.text)) : "",
                        hint.empty() ? "; a host that speaks OpenAI's protocol is `vendor: openai` "
                                       "with its `base_url`"
                                     : fmt::format("; did you mean `{}`?", hint)));
    }

    void settings_of_echo(const provider_draft& draft, policy::provider& p) {
        for (const auto* value : {&draft.base_url, &draft.api_key, &draft.proxy}) {
            if (*value) {
                say((*value)->at,
                    "`vendor: echo` answers by itself: it has no address, key or proxy");
            }
        }
        p.echo_pace = draft.pace;
        p.echo_first_delay = draft.first_delay;
        p.echo_words = draft.words;
    }

    // What the file leaves out comes from the vendor's variables and then from the catalogue. The
    // vendor's key variable is heeded only when the address is the vendor's too: a key must not go
    // to a host that was chosen elsewhere.
    void address_and_key(const provider_draft& draft,
                         const vendor_facts& vendor,
                         policy::provider& p) {
        if (draft.base_url) {
            const auto where = policy::parse_origin(draft.base_url->text);
            if (!where) {
                say(draft.base_url->at,
                    "`providers[].base_url` expects an address like https://api.example.com/v1, "
                    "without user, `?` and `#`");
                return;
            }
            p.where = *where;
        } else {
            const std::string* const address = first_filled(from_.env, vendor.base_url_env);
            const auto text = address != nullptr ? std::optional(*address)
                                                 : fill_address(vendor.base_url, from_.env);
            const auto where = text ? policy::parse_origin(*text) : std::nullopt;
            if (!where) {
                say(draft.vendor->at,
                    fmt::format("the address of `{}` is not known: set `base_url`", vendor.id));
                return;
            }
            p.where = *where;
        }
        std::string key;
        if (draft.api_key) {
            key = draft.api_key->text;
        } else if (!draft.base_url) {
            const std::string* const value = first_filled(from_.env, vendor.key_env);
            key = value != nullptr ? *value : std::string();
            if (key.empty() && vendor.auth != policy::auth_style::none && !vendor.key_env.empty() &&
                draft.headers.empty()) {
                out_.config.warnings.push_back(
                    fmt::format("provider {} has no api_key, and {} is not set",
                                p.name,
                                vendor.key_env.front()));
            }
        }
        if (!is_credential(key)) {
            say(draft.api_key ? draft.api_key->at : draft.at,
                "`providers[].api_key` has a space, a line end or another character in it that no "
                "key has");
            return;
        }
        set_key(p, key);
    }

    void headers(const provider_draft& draft, policy::provider& p) {
        std::set<std::string> seen;
        if (draft.headers.size() > headers_max) {
            say(draft.headers.front().first.at, fmt::format("more than {} headers", headers_max));
            return;
        }
        for (const auto& [name, value] : draft.headers) {
            const std::string folded = to_lower(name.text);
            if (!is_header_name(name.text)) {
                say(name.at, fmt::format("`{}` is no header name", shown(name.text)));
            } else if (is_reserved_header(folded)) {
                say(name.at, fmt::format("the header `{}` is the gateway's to set", folded));
            } else if (!seen.insert(folded).second) {
                say(name.at, fmt::format("the header `{}` is set twice", folded));
            } else if (!is_header_value(value.text)) {
                say(value.at,
                    fmt::format("the value of the header `{}` is longer than {} bytes, begins or "
                                "ends with a space, or has a control character in it",
                                folded,
                                header_bytes_max));
            } else {
                p.headers.emplace_back(name.text, value.text);
            }
        }
    }

    void proxy(const provider_draft& draft, policy::provider& p) {
        if (!draft.proxy) {
            p.proxy = proxy_of_environment(p.where);
            return;
        }
        if (draft.proxy->text == "none" || draft.proxy->text.empty()) {
            return;
        }
        p.proxy = parse_proxy(draft.proxy->text);
        if (!p.proxy) {
            say(draft.proxy->at,
                "`providers[].proxy` expects http://HOST:PORT or none; credentials are not "
                "supported");
        }
    }

    const configuration_sources& from_;
    const file_contents& contents_;
    loaded_configuration& out_;
    std::set<std::string> names_;
    bool proxy_reported_ = false;
};

}  // namespace

void apply_providers(const configuration_sources& from,
                     const file_contents& contents,
                     loaded_configuration& out) {
    provider_builder(from, contents, out).run();
}

}  // namespace gaia::app
