#include <cstdlib>
#include <string>

#include "providers/openai_chat/clean.hpp"
#include "providers/openai_chat/openai_chat.hpp"

// Properties: any answer of an upstream becomes a proper error of 4xx or 5xx, never 401 and never a
// planted key or address; the message is short and one line.
namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static const gaia::providers::openai_chat dialect;
    if (size < 2) {
        return 0;
    }
    const int status = 100 + (data[0] * 256 + data[1]) % 500;
    const std::string body(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto f = dialect.upstream_error(status, "", body, std::nullopt);
    require(f.http_status() >= 400 && f.http_status() <= 599 && f.http_status() != 401);
    require(f.message.size() <= gaia::providers::message_bytes_max);
    for (const char c : f.message) {
        require(static_cast<unsigned char>(c) >= 0x20);
    }
    const auto rendered = dialect.render_error(f, "r");
    require(gaia::json::validate(rendered).what == gaia::json::problem::none);
    const auto planted = gaia::providers::clean_message(
        body.substr(0, 1000) + " sk-plantedplanted https://planted.example/x 10.9.8.7 " +
        body.substr(0, 100));
    require(planted.find(" sk-planted") == std::string::npos);
    require(planted.find("https://planted") == std::string::npos);
    require(planted.find(" 10.9.8.7 ") == std::string::npos);
    return 0;
}
