#include <array>
#include <cstdlib>
#include <string>

#include "core/json/cursor.hpp"
#include "providers/openai_chat/openai_chat.hpp"

// Properties: a request that is accepted stays JSON after the edits, asks for usage when it
// streams, names the upstream's model, and is accepted again. Answers are tried on the same bytes.
namespace {

using gaia::providers::openai_chat;
namespace json = gaia::json;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static const openai_chat dialect;
    if (size == 0) {
        return 0;
    }
    gaia::chat::quirks how;
    how.stream_options = (data[0] & 1U) != 0;
    how.max_completion_tokens = (data[0] & 2U) != 0;
    const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto view = dialect.inspect(body, {});
    if (view) {
        const auto edits = dialect.upstream_edits(body, *view, "up\"stream", how);
        std::string out;
        for (const auto piece : json::splice(body, edits)) {
            out += piece;
        }
        require(out.size() == json::spliced_size(body, edits));
        const auto again = dialect.inspect(out, {});
        require(again.has_value());
        require(again->model == "up\"stream");
        require(again->stream == view->stream);
        require(again->choices == view->choices);
        require(again->max_tokens == view->max_tokens);
        require(!view->stream || !how.stream_options || again->wants_usage);
    } else {
        require(view.error().http_status() == 400);
        require(json::validate(dialect.render_error(view.error(), "r")).what ==
                json::problem::none);
    }
    if (const auto answer = dialect.inspect_answer(body, {}); answer) {
        std::string out;
        for (const auto piece : json::splice(body, answer->edits)) {
            out += piece;
        }
        require(json::validate(out).what == json::problem::none);
        gaia::chat::request_view stream;
        stream.wants_usage = true;
        const auto events = dialect.answer_as_stream(body, stream);
        require(events.has_value());
        const auto tap = dialect.tap(stream, 1 << 24);
        std::string passed;
        tap->feed(*events, passed);
        tap->end(passed);
        require(tap->state() != gaia::chat::tap_state::waiting);
    }
    return 0;
}
