#include <cstdlib>
#include <string>

#include "providers/openai_chat/openai_chat.hpp"

// Properties of requests and whole answers: what can be read can be written as valid JSON, and what
// was written reads as the same.
namespace {

namespace chat = gaia::chat;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static const gaia::providers::openai_chat_codec codec;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    chat::target_facts target;
    target.how.cache_marks = true;
    target.how.replay = chat::quirks::reasoning_out::details;
    target.how.google_signatures = true;
    target.how.wish = chat::quirks::reasoning_in::object;
    if (const auto request = codec.decode_request(text, {}); request.has_value()) {
        chat::loss_report losses;
        const auto body = codec.encode_request(*request, target, losses);
        if (body.has_value()) {
            require(gaia::json::validate(body->body).what == gaia::json::problem::none);
            const auto again = codec.decode_request(body->body, {});
            require(again.has_value());
            chat::loss_report more;
            const auto twice = codec.encode_request(*again, target, more);
            require(twice.has_value());
            require(gaia::json::validate(twice->body).what == gaia::json::problem::none);
        }
    }
    if (const auto answer = codec.decode_response(text, {}); answer.has_value()) {
        const auto body = codec.encode_response(*answer, {});
        require(gaia::json::validate(body).what == gaia::json::problem::none);
        const auto again = codec.decode_response(body, {});
        require(again.has_value());
        require(again->choices.size() == answer->choices.size());
    }
    return 0;
}
