#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/app/config_reader.hpp"

// The rules of `models`.
namespace gaia::app {
namespace {

class rule_builder {
public:
    rule_builder(const configuration_sources& from,
                 const file_contents& contents,
                 loaded_configuration& out)
        : from_(from), contents_(contents), out_(out) {}

    void run() {
        add_provider({std::string(policy::echo_name), {}, true});
        if (contents_.has_providers) {
            for (const provider_draft& draft : contents_.providers) {
                if (draft.name) {  // also those that have problems of their own
                    add_provider(*draft.name);
                }
            }
        } else {
            for (const policy::provider& p : out_.config.providers) {
                add_provider({p.name, {}, true});
            }
        }
        std::set<std::string> rules;
        for (const model_draft& draft : contents_.models) {
            if (!draft.name || !draft.provider) {
                missing(draft);
                continue;
            }
            const std::size_t problems_before = out_.problems.size();
            check_rule_name(*draft.name);
            if (!rules.insert(draft.name->text).second) {
                say(draft.name->at,
                    fmt::format(
                        "the name of an earlier model{}",
                        draft.name->literal ? fmt::format(": `{}`", shown(draft.name->text)) : ""));
            }
            check_rule_provider(*draft.provider);
            if (draft.model) {
                check_rule_model(draft, *draft.model);
            }
            if (out_.problems.size() == problems_before) {
                out_.config.models.push_back({draft.name->text,
                                              draft.provider->text,
                                              draft.model ? draft.model->text : std::string()});
            }
        }
    }

private:
    void say(position at, std::string text) { report(from_, out_.problems, at, std::move(text)); }

    void add_provider(const located& name) {
        names_.insert(name.text);
        if (name.literal) {
            shown_names_.push_back(name.text);
        }
    }

    void missing(const model_draft& draft) {
        for (const std::string_view name : {"name", "provider"}) {
            if (find_key(draft.keys, name) == nullptr) {
                say(draft.at, fmt::format("an entry of `models` needs `{}`", name));
            }
        }
    }

    static bool is_model_name(std::string_view name) {
        return !name.empty() && name.size() <= policy::model_name_bytes_max &&
               std::none_of(name.begin(), name.end(), [](char c) {
                   const auto byte = static_cast<unsigned char>(c);
                   return byte < 0x20 || byte == 0x7F;
               });
    }

    void check_rule_name(const located& name) {
        if (!is_model_name(name.text)) {
            say(name.at,
                fmt::format("`models[].name` is empty, longer than {} bytes or has a control "
                            "character in it",
                            policy::model_name_bytes_max));
        } else if (name.text.find('*') != std::string::npos &&
                   name.text.find('*') + 1 != name.text.size()) {
            say(name.at, fmt::format("a pattern has one `*`, at its end{}", not_this(name)));
        }
    }

    void check_rule_provider(const located& provider) {
        if (names_.contains(provider.text)) {
            return;
        }
        const std::vector<std::string_view> known(shown_names_.begin(), shown_names_.end());
        const std::string_view hint = nearest(provider.text, known);
        say(provider.at,
            fmt::format(
                "there is no provider{}; {}",
                provider.literal ? fmt::format(" `{}`", shown(provider.text)) : " of this name",
                hint.empty() ? fmt::format("there are: {}", fmt::join(known, ", "))
                             : fmt::format("did you mean `{}`?", hint)));
    }

    void check_rule_model(const model_draft& draft, const located& model) {
        const std::size_t star = model.text.find('*');
        if (!is_model_name(model.text)) {
            say(model.at, "`models[].model` is empty, too long or has a control character in it");
        } else if (star != std::string::npos &&
                   (star + 1 != model.text.size() || !draft.name->text.ends_with('*'))) {
            say(model.at,
                "a `*` in `model` stands at its end and needs a `name` that ends in `*` too");
        }
    }

    const configuration_sources& from_;
    const file_contents& contents_;
    loaded_configuration& out_;
    std::set<std::string> names_;           // of providers
    std::vector<std::string> shown_names_;  // those that a message may mention
};

}  // namespace

void apply_models(const configuration_sources& from,
                  const file_contents& contents,
                  loaded_configuration& out) {
    rule_builder(from, contents, out).run();
}

}  // namespace gaia::app
