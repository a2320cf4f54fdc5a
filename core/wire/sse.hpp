#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Server-sent events, split without copying where an event lies within one read.
// Rules: WHATWG HTML, "Parsing an event stream" (LF, CRLF and CR line ends, leading byte order mark,
// comments, several data lines joined by LF, one optional space after the colon).
namespace gaia::wire {

struct sse_event {
    std::string_view raw;   // the bytes as received, with the blank line that ends the event
    std::string_view data;  // data lines joined by LF; empty for a comment or an unknown field
    std::string_view name;  // value of the event field
    bool has_data = false;
    // Views are good until the next call of next(), finish() or feed().
};

// Bytes in, events out; sans-I/O. Memory is bounded by event_bytes_max plus the bytes of one feed.
class sse_splitter {
public:
    explicit sse_splitter(std::size_t event_bytes_max);

    // `bytes` must stay alive until next() has returned nullopt.
    void feed(std::string_view bytes);
    // The next complete event, or nullopt when more bytes are needed (or overflown()).
    std::optional<sse_event> next();
    // After the upstream's end: a last event without its blank line, if any.
    std::optional<sse_event> finish();
    // An event grew beyond the limit; nothing more will come out.
    bool overflown() const noexcept { return overflown_; }
    // Bytes held back because their event is not complete.
    std::size_t held() const noexcept;

private:
    std::size_t event_bytes_max_;
    bool overflown_ = false;
    // (private members are the implementation's)
};

}  // namespace gaia::wire
