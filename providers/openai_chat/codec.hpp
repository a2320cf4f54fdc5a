#pragma once

#include "core/chat/codec.hpp"

namespace gaia::providers {

// OpenAI's chat completions to and from the IR. Stateless; one instance serves every thread.
class openai_chat_codec final : public chat::codec {
public:
    chat::dialect_id id() const noexcept override { return chat::dialect_id::openai_chat; }

    result<chat::request> decode_request(std::string_view body,
                                         const chat::call_facts& call) const override;
    std::string encode_response(const chat::response& answer,
                                const chat::reply_facts& how) const override;
    std::unique_ptr<chat::stream_encoder> encode_stream(
        const chat::reply_facts& how) const override;

    result<chat::encoded_request> encode_request(const chat::request& r,
                                                 const chat::target_facts& target,
                                                 chat::loss_report& losses) const override;
    result<chat::response> decode_response(std::string_view body,
                                           const chat::decode_options& how) const override;
    std::unique_ptr<chat::stream_decoder> decode_stream(
        const chat::decode_options& how) const override;
};

}  // namespace gaia::providers
