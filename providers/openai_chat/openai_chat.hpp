#pragma once

#include "core/chat/dialect.hpp"
#include "providers/openai_chat/codec.hpp"

// OpenAI's chat completions format, spoken by OpenAI and by most vendors beside it.
// Wire source: the openai-openapi schemas CreateChatCompletionRequest, ...Response,
// ...StreamResponse and ErrorResponse; deviations of vendors are named where they are handled.
namespace gaia::providers {

// Stateless; one instance serves every thread.
class openai_chat final : public chat::dialect {
public:
    std::string_view name() const noexcept override { return "openai_chat"; }

    result<chat::request_view> inspect(std::string_view body,
                                       const chat::request_limits& limit) const override;
    std::vector<json::edit> upstream_edits(std::string_view body,
                                           const chat::request_view& view,
                                           std::string_view upstream_model,
                                           const chat::quirks& how) const override;
    std::unique_ptr<chat::stream_tap> tap(const chat::request_view& view,
                                          std::size_t event_bytes_max) const override;
    result<chat::answer_view> inspect_answer(std::string_view body,
                                             const json::limits& limit) const override;
    result<std::string> answer_as_stream(std::string_view body,
                                         const chat::request_view& view) const override;
    failure upstream_error(int status,
                           std::string_view content_type,
                           std::string_view body,
                           std::optional<std::chrono::milliseconds> retry_after) const override;
    std::string render_error(const failure& f, std::string_view request_id) const override;
    std::string render_stream_error(const failure& f, std::string_view request_id) const override;
    std::string_view heartbeat() const noexcept override { return ": keep-alive\n\n"; }
    const chat::codec* conversion() const noexcept override { return &codec_; }

private:
    openai_chat_codec codec_;
};

}  // namespace gaia::providers
