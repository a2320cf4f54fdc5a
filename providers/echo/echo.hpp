#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

// The vendor that needs neither network nor key: says back what the last message said, in OpenAI's
// chat format. For first trials, demonstrations, tests and load. Sans-I/O: the caller sleeps.
namespace gaia::providers {

// Defaults of a provider; a request overrides them with a member of its body,
// "echo": {"chunks": 3, "tokens": 12, "delay_ms": 20, "first_delay_ms": 100}.
struct echo_settings {
    std::chrono::milliseconds first_delay{0};  // before the first byte
    std::chrono::milliseconds pace{0};         // between events
    int words = 0;                             // length of the answer; 0: as long as what is echoed
};

inline constexpr std::string_view echo_model = "echo-1";
inline constexpr std::int64_t echo_chunks_max = 100'000;
inline constexpr std::chrono::milliseconds echo_delay_max{60'000};

// One answer, made step by step so that a long one takes no memory. Owned by one call, any thread.
class echo_script {
public:
    struct step {
        std::chrono::milliseconds delay{0};  // to wait before the bytes are sent
        std::string bytes;
    };

    // `request_body` is an OpenAI chat request; `request_id` and `created` (seconds since 1970) go
    // into the answer. Fails with a client error when the body cannot be answered.
    static result<echo_script> make(std::string_view request_body,
                                    const echo_settings& settings,
                                    std::string_view request_id,
                                    std::int64_t created);

    int status() const noexcept { return status_; }
    std::string_view content_type() const noexcept {
        return stream_ ? "text/event-stream; charset=utf-8" : "application/json";
    }
    // The next piece of the body; nullopt after the last one.
    std::optional<step> next();

private:
    enum class phase : std::uint8_t { first, content, last, over };

    std::string word(std::int64_t n) const;
    std::string piece(std::int64_t chunk) const;
    std::string chunk(std::string_view delta, std::string_view finish_reason) const;
    std::string head(std::string_view object) const;
    std::string usage() const;
    std::string first_events() const;
    std::string last_events() const;
    std::string whole() const;
    std::string tool_calls(bool in_delta) const;
    std::string_view finish_reason() const noexcept;

    int status_ = 200;
    bool stream_ = false;
    bool include_usage_ = false;
    bool length_reached_ = false;
    phase phase_ = phase::first;
    std::string error_body_;
    std::string id_;
    std::int64_t created_ = 0;
    std::string text_;  // what is said back
    std::vector<std::uint32_t>
        words_;              // where each word of text_ begins, spaces before it included
    std::string tool_name_;  // not empty: the answer is a call of this tool
    std::string tool_arguments_;
    std::int64_t choices_ = 1;
    std::int64_t tokens_ = 0;  // words to say
    std::int64_t chunks_ = 0;  // events they come in
    std::int64_t at_chunk_ = 0;
    std::int64_t prompt_tokens_ = 0;
    std::chrono::milliseconds first_delay_{0};
    std::chrono::milliseconds pace_{0};
};

}  // namespace gaia::providers
