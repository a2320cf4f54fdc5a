#include <cstdlib>
#include <string>

#include "core/json/cursor.hpp"
#include "core/wire/sse.hpp"
#include "providers/openai_chat/openai_chat.hpp"

// Properties: any cut gives the same bytes and the same end; [DONE] goes out if and only if the tap
// finished; every event that goes out is JSON; counts are never negative.
namespace {

using gaia::chat::tap_state;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::string joined(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return text;
}

struct outcome {
    std::string out;
    tap_state state = tap_state::waiting;
    gaia::chat::usage usage;
};

outcome run(std::string_view text, bool wants_usage, std::size_t step) {
    static const gaia::providers::openai_chat dialect;
    gaia::chat::request_view view;
    view.wants_usage = wants_usage;
    const auto tap = dialect.tap(view, 4096);
    outcome result;
    for (std::size_t at = 0; at < text.size(); at += step) {
        const std::string part(text.substr(at, step));
        tap->feed(part, result.out);
    }
    tap->end(result.out);
    result.state = tap->state();
    result.usage = tap->usage();
    if (result.state == tap_state::failed) {
        require(tap->error().http_status() >= 400);
        require(gaia::json::validate(dialect.render_error(tap->error(), "r")).what ==
                gaia::json::problem::none);
    }
    require(tap->output_tokens_estimate() >= 0);
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const bool wants_usage = (data[0] & 1U) != 0;
    const std::size_t step = 1U + data[1];
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto whole = run(text, wants_usage, text.size() + 1);
    const auto parts = run(text, wants_usage, step);
    require(whole.state == parts.state);
    // The LF of a CR LF that a read cuts in a stream of mixed line ends may go out alone.
    require(whole.out == parts.out ||
            (text.find('\r') != std::string_view::npos && joined(whole.out) == joined(parts.out)));
    require(whole.state == tap_state::finished || whole.state == tap_state::failed);
    require(whole.usage.prompt.value_or(0) >= 0 && whole.usage.completion.value_or(0) >= 0);
    int ends = 0;
    gaia::wire::sse_splitter splitter(1 << 20);
    splitter.feed(whole.out);
    const auto check = [&](const gaia::wire::sse_event& event) {
        require(ends == 0 || !event.has_data);
        if (event.has_data) {
            const bool json = gaia::json::validate(event.data).what == gaia::json::problem::none;
            require(json || event.data.find("[DONE]") != std::string_view::npos);
            ends += json ? 0 : 1;
        }
    };
    while (const auto event = splitter.next()) {
        check(*event);
    }
    if (const auto event = splitter.finish()) {  // CR as the last line end: LF might have followed
        check(*event);
    }
    require((ends == 1) == (whole.state == tap_state::finished));
    return 0;
}
