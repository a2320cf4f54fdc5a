#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/chat/event.hpp"
#include "core/json/read.hpp"
#include "providers/openai_chat/words.hpp"

namespace gaia::providers {

// Notices where a JSON object ends in text that comes in pieces.
class object_end {
public:
    void feed(std::string_view text) noexcept;
    bool reached() const noexcept { return ended_; }

private:
    std::size_t depth_ = 0;
    bool string_ = false;
    bool escape_ = false;
    bool ended_ = false;
};

// One choice of one answer: deltas in, part events out, in the order of the grammar. A whole
// message is one big delta. Repairs what vendors do to tool calls: all indexes 0, no index, ids
// that are missing, empty or repeated, names repeated, arguments as an object.
class choice_reader {
public:
    choice_reader(std::uint32_t choice, std::uint64_t seed) noexcept
        : choice_(choice), seed_(seed) {}

    void delta(const json::value& raw, chat::event_list& out);
    void logprobs(const json::value& raw, chat::event_list& out);
    // Closes what is open and finishes, once. Without a reason the model is taken to be done.
    void finish(std::optional<chat::choice_end> end, chat::event_list& out);
    bool finished() const noexcept { return finished_; }
    bool any() const noexcept { return next_ != 0; }
    // A tool call that never got a name.
    bool broken() const noexcept { return broken_; }

private:
    struct call {
        std::string id;                     // as the upstream wrote it
        std::optional<std::int64_t> index;  // likewise
        std::string name;
        std::string held;  // arguments that came before the name
        object_end arguments;
        std::uint32_t part = 0;
        bool started = false;
        bool custom = false;
    };
    struct speaking {  // the part that is open beside tool calls
        std::uint32_t part = 0;
        chat::events::part_kind kind = chat::events::part_kind::text;
        std::int64_t detail = 0;  // reasoning: index of its details
        std::uint32_t summaries = 0;
    };

    std::uint32_t speak(chat::events::part_kind kind,
                        chat::event_list& out,
                        std::string id = {},
                        std::string format = {},
                        chat::dialect_id from = chat::dialect_id::none);
    void hush(chat::event_list& out);
    void content(const json::value& raw, chat::event_list& out);
    void text(std::string said, chat::event_list& out);
    void thought(std::string said, chat::event_list& out);
    void details(const std::vector<reasoning_detail>& all, chat::event_list& out);
    void tool_call(const json::value& raw, chat::event_list& out);
    call& call_for(const json::value& raw, std::string_view name);
    bool goes_on(const call& last, const json::value& raw, std::string_view name) const;
    void audio(const json::value& raw, chat::event_list& out);
    void images(const json::value& raw, chat::event_list& out);
    bool id_taken(std::string_view id) const noexcept;

    std::uint32_t choice_;
    std::uint64_t seed_;
    std::uint32_t next_ = 0;  // the number of the next part
    std::optional<speaking> open_;
    std::vector<call> calls_;
    std::vector<std::string> ids_;  // as handed out
    bool finished_ = false;
    bool broken_ = false;
};

}  // namespace gaia::providers
