#include "core/app/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace gaia::app {
namespace {

position to_position(const YAML::Mark& mark) {
    return {mark.line + 1, mark.column + 1};
}

// Ends the parse of a text that is over a limit.
struct over_limit : std::runtime_error {
    over_limit(position where, const std::string& what) : std::runtime_error(what), at(where) {}
    position at;
};

// Builds the tree from the parser's events. The library's own tree neither keeps the second of two
// equal keys, which would hide a mistake, nor does it bound anything.
class builder final : public YAML::EventHandler {
public:
    explicit builder(document& out) : out_(out) {}

    void OnDocumentStart(const YAML::Mark& mark) override { last_ = to_position(mark); }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        add(begin(node::kind::null, mark));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        report(to_position(mark), "aliases (`*name`) are not supported; write the value out");
        add(begin(node::kind::null, mark));
    }

    void OnScalar(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t,
                  const std::string& value) override {
        check_tag(mark, tag);
        node scalar = begin(node::kind::scalar, mark);
        scalar.text = value;
        add(std::move(scalar));
    }

    void OnSequenceStart(const YAML::Mark& mark,
                         const std::string& tag,
                         YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open(begin(node::kind::list, mark));
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark,
                    const std::string& tag,
                    YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open(begin(node::kind::mapping, mark));
    }
    void OnMapEnd() override { close(); }

private:
    struct frame {
        node value;
        std::optional<node> key;  // of a mapping: the key whose value comes next
    };

    node begin(node::kind type, const YAML::Mark& mark) {
        last_ = to_position(mark);
        if (++nodes_ > document_nodes_max) {
            throw over_limit(last_, fmt::format("more than {} values", document_nodes_max));
        }
        node n;
        n.type = type;
        n.at = last_;
        return n;
    }

    void open(node value) {
        if (stack_.size() >= document_depth_max) {
            throw over_limit(value.at, fmt::format("nested deeper than {}", document_depth_max));
        }
        stack_.push_back({std::move(value), std::nullopt});
    }

    void close() {
        node done = std::move(stack_.back().value);
        stack_.pop_back();
        add(std::move(done));
    }

    void add(node value) {
        if (stack_.empty()) {
            out_.root = std::move(value);
            return;
        }
        frame& parent = stack_.back();
        if (parent.value.type == node::kind::list) {
            parent.value.items.push_back(std::move(value));
            return;
        }
        if (!parent.key) {
            parent.key = std::move(value);
            return;
        }
        const node key = std::move(*parent.key);
        parent.key.reset();
        add_member(parent.value, key, std::move(value));
    }

    void add_member(node& mapping, const node& key, node value) {
        if (key.type != node::kind::scalar) {
            report(key.at, "a key must be text");
            return;
        }
        const auto first = std::find_if(mapping.members.begin(),
                                        mapping.members.end(),
                                        [&](const member& m) { return m.key == key.text; });
        if (first != mapping.members.end()) {
            report(key.at,
                   fmt::format("`{}` is set twice; the first is in line {}",
                               shown(key.text),
                               first->key_at.line));
            return;
        }
        mapping.members.push_back({key.text, key.at, std::move(value)});
    }

    void check_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?" && tag != "!" && !tag.starts_with("tag:yaml.org,2002:")) {
            report(to_position(mark), fmt::format("the tag `{}` is not supported", shown(tag)));
        }
    }

    void report(position at, std::string text) {
        out_.problems.push_back({"", at, std::move(text)});
    }

    document& out_;
    std::vector<frame> stack_;
    std::size_t nodes_ = 0;
    position last_;
};

// Drops every event: only whether there is one matters.
class ignorer final : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark& mark) override { at = to_position(mark); }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&,
                  const std::string&,
                  YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&,
                         const std::string&,
                         YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&,
                    const std::string&,
                    YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}

    position at;
};

}  // namespace

document parse_document(std::string_view text) {
    document out;
    const auto report = [&](position at, std::string what) {
        out.root = {};
        out.problems.push_back({"", at, std::move(what)});
    };
    if (text.size() > document_bytes_max) {
        report({1, 1}, fmt::format("larger than {} bytes", document_bytes_max));
        return out;
    }
    if (text.find('\0') != text.npos) {
        report({1, 1}, "not a text file");
        return out;
    }
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        builder tree(out);
        parser.HandleNextDocument(tree);
        ignorer rest;
        if (parser.HandleNextDocument(rest)) {
            report(rest.at, "a second document begins here; only one is read");
        }
    } catch (const over_limit& e) {
        report(e.at, e.what());
    } catch (const YAML::Exception& e) {
        report(to_position(e.mark), "not valid YAML: " + e.msg);
    }
    if (out.root.type != node::kind::mapping && out.root.type != node::kind::null) {
        report(out.root.at, "expected settings like `server:` at the top");
    }
    return out;
}

}  // namespace gaia::app
