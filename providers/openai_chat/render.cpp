#include "providers/openai_chat/openai_chat.hpp"

namespace gaia::providers {
namespace {

void append_or_null(std::string& out, std::string_view text) {
    if (text.empty()) {
        out += "null";
    } else {
        json::append_quoted(out, text);
    }
}

}  // namespace

// All four members are required by OpenAI's schema; param and code may be null. The request's id
// travels in x-request-id and has no place in this object.
std::string openai_chat::render_error(const failure& f, std::string_view) const {
    const auto& row = info(f.what);
    std::string out = R"({"error":{"message":)";
    json::append_quoted(out, f.text());
    out += R"(,"type":)";
    json::append_quoted(out, f.type.empty() ? row.type : std::string_view(f.type));
    out += R"(,"param":)";
    append_or_null(out, f.param);
    out += R"(,"code":)";
    append_or_null(out, f.code.empty() ? row.code : std::string_view(f.code));
    out += "}}";
    return out;
}

std::string openai_chat::render_stream_error(const failure& f, std::string_view request_id) const {
    return "data: " + render_error(f, request_id) + "\n\n";
}

}  // namespace gaia::providers
