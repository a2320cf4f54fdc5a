#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/chat/codec.hpp"
#include "core/json/write.hpp"

namespace gaia::providers {

// Events to chunks of a chat stream: one role chunk for each choice, calls numbered by themselves,
// one finish for each choice, then the usage chunk if it was asked for, then [DONE].
class openai_stream_encoder final : public chat::stream_encoder {
public:
    explicit openai_stream_encoder(const chat::reply_facts& how);

    bool sequential() const noexcept override { return false; }
    void encode(const chat::event& e, std::string& out) override;

private:
    struct call {
        std::uint32_t part = 0;
        bool spoke = false;  // arguments came
        bool custom = false;
    };
    struct choice_state {
        bool greeted = false;
        std::vector<call> calls;
        std::uint32_t thoughts = 0;
        std::vector<std::pair<std::uint32_t, std::uint32_t>> details;  // part, index of its details
    };

    template <class Write>
    void chunk(std::string& out, std::uint32_t choice, Write write);
    template <class Write>
    void call_chunk(std::string& out, std::uint32_t choice, std::size_t index, Write write);
    void begin(std::string& out) const;
    void finish_chunk(std::string& out) const;
    choice_state& greet(std::uint32_t choice, std::string& out);
    std::uint32_t detail_index(choice_state& state, std::uint32_t part);
    void signature(const chat::events::reasoning_signature& v, std::string& out);
    void whole(const chat::events::whole_part& v, std::string& out);
    void end(std::string& out);

    chat::reply_facts how_;
    std::string head_;  // "data: {" and the members that all chunks share
    std::vector<choice_state> choices_;
    chat::usage usage_;
};

void write_image(json::writer& out, const chat::image_part& image);
void write_finish(json::writer& out, const chat::choice_end& end);

}  // namespace gaia::providers
