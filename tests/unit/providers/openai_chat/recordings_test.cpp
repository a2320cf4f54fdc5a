#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/json/cursor.hpp"
#include "core/wire/sse.hpp"
#include "providers/openai_chat/openai_chat.hpp"

// Traffic of real providers, read in place where it is present.
using gaia::chat::tap_state;
using gaia::providers::openai_chat;
namespace fs = std::filesystem;
namespace json = gaia::json;

namespace {

const openai_chat dialect;

struct recording {
    std::string name;
    int status = 0;
    bool stream = false;
    std::string body;
};

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

const std::vector<recording>& recordings() {
    static const auto all = [] {
        std::vector<recording> found;
        const char* named = std::getenv("GAIAROUTER_WIRE_DIR");
        const fs::path root =
            named != nullptr ? fs::path(named) : fs::path(GAIA_SOURCE_DIR) / "../shared/wire";
        std::error_code ignored;  // ignored: an absent folder has no entries
        for (fs::recursive_directory_iterator at(root, ignored), end; at != end;
             at.increment(ignored)) {
            if (at->path().filename() != "meta.json") {
                continue;
            }
            const auto meta = contents(at->path());
            const auto folder = at->path().parent_path();
            if (!json::validate(meta) || json::member(meta, "api") != "\"chat\"") {
                continue;
            }
            found.push_back(
                {folder.parent_path().filename().string() + "/" + folder.filename().string(),
                 static_cast<int>(json::to_int64(json::member(meta, "status")).value_or(0)),
                 json::member(meta, "stream") == "true",
                 contents(folder / "response.body")});
        }
        if (found.empty()) {
            std::cout << "skipped: recordings of provider traffic are not present\n";
        }
        return found;
    }();
    return all;
}

gaia::chat::request_view asked() {
    gaia::chat::request_view view;
    view.stream = true;
    view.wants_usage = true;
    return view;
}

// prompt_tokens or completion_tokens of the last usage that any event carries.
std::optional<std::int64_t> reported(const std::string& body, std::string_view key) {
    std::optional<std::int64_t> last;
    gaia::wire::sse_splitter splitter(1 << 24);
    splitter.feed(body);
    while (const auto event = splitter.next()) {
        const auto usage = json::member(event->data, "usage");
        if (json::kind_of(usage) == json::kind::object) {
            last = json::to_int64(json::member(usage, key));
        }
    }
    return last;
}

}  // namespace

TEST_CASE("recordings: chat streams pass byte for byte", "[openai_chat][recordings]") {
    for (const auto& one : recordings()) {
        if (one.status != 200 || !one.stream) {
            continue;
        }
        CAPTURE(one.name);
        const auto tap = dialect.tap(asked(), 1 << 24);
        std::string out;
        tap->feed(one.body, out);
        tap->end(out);
        if (one.name.find("midstream-error") != std::string::npos) {
            CHECK(tap->state() == tap_state::failed);
            CHECK(tap->error().http_status() == 400);
            CHECK_FALSE(tap->error().message.empty());
            CHECK(one.body.starts_with(out));
            CHECK(out.find("[DONE]") == std::string::npos);
        } else {
            CHECK(tap->state() == tap_state::finished);
            const bool done = one.body.find("data: [DONE]") != std::string::npos;
            CHECK(out == one.body + (done ? "" : "data: [DONE]\n\n"));  // Perplexity ends without
            CHECK((done || !tap->finish_reason().empty()));             // Snowflake gives no reason
            CHECK(tap->usage().completion.value_or(1) > 0);
        }
        const auto prompt = reported(one.body, "prompt_tokens");
        CHECK(tap->usage().prompt == prompt);
        CHECK(tap->usage().completion == reported(one.body, "completion_tokens"));
    }
}

TEST_CASE("recordings: chat streams cut anywhere", "[openai_chat][recordings]") {
    for (const auto& one : recordings()) {
        if (one.status != 200 || !one.stream) {
            continue;
        }
        CAPTURE(one.name);
        const auto whole = dialect.tap(asked(), 1 << 24);
        std::string expected;
        whole->feed(one.body, expected);
        whole->end(expected);
        // Every position of the beginning, then a sample: all positions of all bodies are a minute.
        for (std::size_t cut = 0; cut < one.body.size(); cut += cut < 1500 ? 1 : 97) {
            const auto tap = dialect.tap(asked(), 1 << 24);
            std::string out;
            tap->feed(std::string_view(one.body).substr(0, cut), out);
            tap->feed(std::string_view(one.body).substr(cut), out);
            tap->end(out);
            if (out != expected || tap->state() != whole->state()) {
                FAIL("differs when cut at " << cut);
            }
        }
    }
}

TEST_CASE("recordings: a truncated chat stream never looks whole", "[openai_chat][recordings]") {
    for (const auto& one : recordings()) {
        if (one.status != 200 || !one.stream) {
            continue;
        }
        CAPTURE(one.name);
        std::size_t end_of_event = 0;
        while ((end_of_event = one.body.find("\n\n", end_of_event)) != std::string::npos) {
            end_of_event += 2;
            const auto tap = dialect.tap(asked(), 1 << 24);
            std::string out;
            tap->feed(std::string_view(one.body).substr(0, end_of_event), out);
            tap->end(out);
            const bool finished = tap->state() == tap_state::finished;
            if (finished != (out.find("data: [DONE]") != std::string::npos) ||
                (finished && tap->finish_reason().empty() && end_of_event != one.body.size())) {
                FAIL("after " << end_of_event << " bytes");
            }
        }
    }
}

TEST_CASE("recordings: whole chat answers are understood", "[openai_chat][recordings]") {
    for (const auto& one : recordings()) {
        if (one.status != 200 || one.stream) {
            continue;
        }
        CAPTURE(one.name);
        const auto view = dialect.inspect_answer(one.body, {});
        REQUIRE(view.has_value());
        CHECK(view->edits.empty());
        CHECK(view->usage.known());
        CHECK_FALSE(view->finish_reason.empty());
        const auto stream = dialect.answer_as_stream(one.body, asked());
        REQUIRE(stream.has_value());
        const auto tap = dialect.tap(asked(), 1 << 24);
        std::string out;
        tap->feed(*stream, out);
        CHECK(out == *stream);
        CHECK(tap->state() == tap_state::finished);
        CHECK(tap->usage().prompt == view->usage.prompt);
        CHECK(tap->usage().completion == view->usage.completion);
        CHECK(tap->finish_reason() == view->finish_reason);
    }
}

TEST_CASE("recordings: chat errors keep their meaning and no secrets",
          "[openai_chat][recordings]") {
    for (const auto& one : recordings()) {
        if (one.status == 200) {
            continue;
        }
        CAPTURE(one.name);
        const auto f =
            dialect.upstream_error(one.status, "application/json", one.body, std::nullopt);
        const int expected = one.status == 401 || one.status == 500 ? 502 : one.status;
        CHECK(f.http_status() == expected);
        if (one.status == 400 || one.status == 404) {
            CHECK_FALSE(f.message.empty());
        } else {
            CHECK(f.message.empty());
        }
        const auto rendered = dialect.render_error(f, "req_1");
        CHECK(json::validate(rendered));
        for (const auto* secret : {"http", "*", "2345"}) {
            CHECK(rendered.find(secret) == std::string::npos);
        }
    }
}
