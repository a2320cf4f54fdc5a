#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Server-sent events, split without copying where an event lies within one read.
// Rules: WHATWG HTML, "Parsing an event stream" (LF, CRLF and CR line ends, leading byte order
// mark, comments, several data lines joined by LF, one optional space after the colon).
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
    // A part of the current event, as offsets from its first byte (its bytes may move to carry_).
    struct range {
        std::size_t at = 0;
        std::size_t size = 0;
    };

    void release();
    bool hold();
    const char* base() const noexcept { return carry_.empty() ? input_.data() : carry_.data(); }
    void field(std::string_view line, std::size_t at);
    sse_event deliver(std::size_t size);
    void overflow();

    std::size_t event_bytes_max_;
    std::string_view input_;   // not consumed; starts with the current event when carry_ is empty
    std::size_t scanned_ = 0;  // bytes of input_ whose lines are done
    std::string carry_;        // the current event's bytes from earlier feeds
    std::string joined_;       // data, when it stands on several lines
    std::size_t line_ = 0;     // where the current line starts in the event
    range data_;
    range name_;
    std::size_t data_lines_ = 0;
    bool first_line_ = true;  // of the stream: a byte order mark may stand here
    bool crlf_ = false;       // the event's last line ended with CR LF
    bool cr_ = false;         // a line's CR ended the last feed: LF may belong to it
    bool blank_cr_ = false;   // and that line was the blank one
    bool delivered_ = false;  // the event in carry_ was handed out
    bool overflown_ = false;
};

}  // namespace gaia::wire
