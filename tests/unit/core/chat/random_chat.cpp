#include "tests/unit/core/chat/random_chat.hpp"

using namespace gaia::chat;  // NOLINT: a generator of nothing but its values

namespace {

class maker {
public:
    maker(std::mt19937_64& random, const random_limits& limit) : random_(random), limit_(limit) {}

    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    bool often() { return below(2) == 0; }
    bool rarely() { return below(6) == 0; }

    std::string word() {
        static constexpr const char* words[] = {"a",
                                                "\xc3\xa9t\xc3\xa9",
                                                "\"quoted\"",
                                                "line\nend",
                                                "\xf0\x9f\x98\x80",
                                                "back\\slash",
                                                "tab\t",
                                                "{}",
                                                "data: x",
                                                "<think>",
                                                "\x01",
                                                " "};
        return words[below(std::size(words))];
    }
    std::string text() {
        std::string out = "t";
        for (auto n = below(6); n != 0; --n) {
            out += word();
        }
        return out;
    }
    std::string name() { return "name_" + std::to_string(below(1000)); }
    std::string id() { return "id_" + std::to_string(++ids_); }
    std::string object() {
        static constexpr const char* objects[] = {
            R"({})",
            R"({"b":1,"a":0.70})",
            R"({"x":{"y":[1e-1,"\u00e9"]},"n":123456789012345678901})"};
        return objects[below(std::size(objects))];
    }

    part text_part_() {
        part p(text_part{text(), {}});
        if (limit_.foreign && rarely()) {
            p.cache = cache_mark{often() ? "1h" : ""};
        }
        return p;
    }
    part image() {
        image_part p;
        p.source = often() ? media{media::kind::base64, "aGVsbG8=", "image/png"}
                           : media{media::kind::url, "https://example.org/a.png", ""};
        if (often()) {
            p.detail = "low";
        }
        return part(std::move(p));
    }
    part document() {
        document_part p;
        p.source = {media::kind::base64, "aGVsbG8=", "application/pdf"};
        p.name = name() + ".pdf";
        return part(std::move(p));
    }
    part audio() {
        audio_part p;
        p.source = {media::kind::base64, "aGVsbG8=", "audio/wav"};
        p.format = "wav";
        return part(std::move(p));
    }
    part native() {
        return part(
            native_part{dialect_id::anthropic,
                        "server_tool_use",
                        R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})"});
    }
    part user_part() {
        switch (below(limit_.foreign ? 6 : 5)) {
            case 0:
                return image();
            case 1:
                return document();
            case 2:
                return audio();
            case 5:
                return native();
            default:
                return text_part_();
        }
    }
    part reasoning() {
        reasoning_part p;
        p.from = dialect_id::anthropic;
        p.format = "anthropic-claude-v1";
        part made;
        switch (below(3)) {
            case 0:
                p.text = text();
                made = part(std::move(p));
                made.signature = signature{"c2ln", dialect_id::anthropic};
                break;
            case 1:
                p.encrypted = "ZW5j";
                made = part(std::move(p));
                break;
            default:
                p.text = text();
                made = part(std::move(p));
        }
        return made;
    }
    part call() {
        part p(tool_call_part{tool_call_part::kind::function, id(), name(), object()});
        if (rarely()) {
            p.signature = signature{"Z29vZ2xl", dialect_id::gemini};
        }
        return p;
    }

    turn said(role who) {
        turn t;
        t.role = who;
        for (auto n = 1 + below(3); n != 0; --n) {
            t.parts.push_back(who == role::user ? user_part() : text_part_());
        }
        return t;
    }
    // An assistant turn, and the results of its calls.
    void round(std::vector<turn>& turns) {
        turn t;
        t.role = role::assistant;
        for (auto n = below(2); n != 0; --n) {
            t.parts.push_back(reasoning());
        }
        for (auto n = below(3); n != 0; --n) {
            t.parts.push_back(text_part_());
        }
        turn results;
        results.role = role::tool;
        for (auto n = below(4); n != 0; --n) {
            t.parts.push_back(call());
            tool_result_part r;
            r.call_id = t.parts.back().as<tool_call_part>()->id;
            for (auto m = below(3); m != 0; --m) {
                r.content.push_back(text_of(text()));
            }
            if (limit_.foreign && rarely()) {
                r.is_error = true;
                r.content.push_back(image());
            }
            results.parts.emplace_back(std::move(r));
        }
        if (t.parts.empty()) {
            t.parts.push_back(text_part_());
        }
        turns.push_back(std::move(t));
        if (!results.parts.empty()) {
            turns.push_back(std::move(results));
        }
    }

    tool tool_() {
        tool t;
        t.name = name();
        t.description = often() ? text() : "";
        t.schema =
            often()
                ? R"({"type":"object","properties":{"z":{"type":"string"},"a":{"type":"number","minimum":0.10}}})"
                : "";
        if (often()) {
            t.strict = often();
        }
        return t;
    }

    request whole() {
        request r;
        r.from = limit_.from;
        r.model = "m";
        if (often()) {
            r.turns.push_back(said(often() ? role::system : role::developer));
        }
        for (auto n = 1 + below(4); n != 0; --n) {
            r.turns.push_back(said(role::user));
            if (often()) {
                round(r.turns);
            }
            if (rarely()) {
                r.turns.push_back(said(role::system));
            }
        }
        for (auto n = below(3); n != 0; --n) {
            r.tools.push_back(tool_());
        }
        if (!r.tools.empty() && often()) {
            tool_choice c;
            c.from = limit_.from;
            c.how = static_cast<tool_choice::mode>(below(4));
            if (c.how == tool_choice::mode::named) {
                c.names.push_back(r.tools.front().name);
            }
            r.tool_choice = c;
            r.parallel_tools = often();
        }
        if (often()) {
            r.sampling.temperature = number{often() ? "0.70" : "1"};
            r.sampling.top_p = number{"9e-1"};
        }
        if (rarely()) {
            r.sampling.seed = number{"42"};
            r.sampling.presence_penalty = number{"-0.5"};
        }
        if (often()) {
            r.max_output_tokens = 1 + static_cast<std::int64_t>(below(5000));
        }
        if (rarely()) {
            r.stop = {"END", "\n\n"};
        }
        if (rarely()) {
            response_format f;
            f.what = response_format::kind::json_schema;
            f.name = "answer";
            f.schema = R"({"type":"object","properties":{"b":{},"a":{}}})";
            f.strict = true;
            r.format = f;
        }
        if (rarely()) {
            reasoning_wish w;
            w.how = reasoning_wish::mode::on;
            w.effort = often() ? "low" : "high";
            r.reasoning = w;
        }
        r.stream = often();
        r.include_usage = r.stream;
        if (rarely()) {
            r.user = "u";
        }
        return r;
    }

    response answer() {
        response a;
        a.from = limit_.from;
        a.id = id();
        a.model = "m";
        a.created = 1700000000;
        for (auto n = 1 + below(2); n != 0; --n) {
            choice c;
            if (often()) {
                c.parts.push_back(reasoning());
            }
            if (often()) {
                c.parts.push_back(part(text_part{text(), {}}));
            }
            for (auto m = below(3); m != 0; --m) {
                c.parts.push_back(call());
                c.end.why = finish_reason::tool_calls;
            }
            if (c.end.why == finish_reason::stop && rarely()) {
                c.end.why = finish_reason::length;
            }
            if (rarely()) {
                c.logprobs.push_back({"a", {"-0.10"}, "[97]", {{"b", {"-1e1"}, "null", {}}}});
            }
            a.choices.push_back(std::move(c));
        }
        a.usage.prompt = 10;
        a.usage.completion = static_cast<std::int64_t>(below(100));
        return a;
    }

private:
    std::mt19937_64& random_;
    random_limits limit_;
    std::uint64_t ids_ = 0;
};

}  // namespace

request random_request(std::mt19937_64& random, const random_limits& limit) {
    return maker(random, limit).whole();
}

response random_response(std::mt19937_64& random, const random_limits& limit) {
    return maker(random, limit).answer();
}
