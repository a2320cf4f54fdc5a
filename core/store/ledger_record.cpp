#include "core/store/ledger_record.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace gaia::store {
namespace {

struct head {
    std::uint64_t checksum;  // of everything behind it
    std::uint64_t segment;
    std::uint32_t size;
    record_type type;
    std::uint8_t unused[3];
};
static_assert(sizeof(head) == 24);

constexpr std::int64_t absent = std::numeric_limits<std::int64_t>::min();

struct begin_body {
    std::int64_t id;  // first in both bodies
    std::int64_t started;
    std::int64_t key;
    std::int64_t organization;
    std::int64_t reserved;
    std::int64_t prompt_estimate;
    std::uint8_t stream;
    std::array<std::uint8_t, 7> lengths;  // of the strings that follow
};

struct settle_body {
    std::int64_t id;
    std::int64_t started;
    std::int64_t key;
    std::int64_t organization;
    std::int64_t prompt;
    std::int64_t completion;
    std::int64_t cache_read;
    std::int64_t cache_write;
    std::int64_t reasoning;
    std::int64_t audio_in;
    std::int64_t audio_out;
    std::int64_t cost;
    std::int64_t total_us;
    std::int64_t first_token_us;
    std::int64_t overhead_us;
    std::int32_t status;
    std::int32_t attempts;
    chat::usage_source source;
    std::uint8_t stream;
    std::uint8_t clamped;
    std::array<std::uint8_t, 5> lengths;
};
static_assert(sizeof(head) + sizeof(settle_body) + 3 * name_bytes_max + 2 * word_bytes_max <=
              record_bytes_max);

// Cut so that no character is left in half.
std::string_view cut(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit) {
        return text;
    }
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) {
        --limit;
    }
    return text.substr(0, limit);
}

template <std::size_t Count, std::size_t Lengths>
char* append(char* out,
             const std::array<std::string_view, Count>& texts,
             std::array<std::uint8_t, Lengths>& lengths) noexcept {
    for (std::size_t i = 0; i < Count; ++i) {
        lengths[i] = static_cast<std::uint8_t>(texts[i].size());
        if (!texts[i].empty()) {
            std::memcpy(out, texts[i].data(), texts[i].size());
            out += texts[i].size();
        }
    }
    return out;
}

std::uint64_t checksum(std::string_view record) noexcept {
    record.remove_prefix(sizeof(head::checksum));
    return XXH3_64bits(record.data(), record.size());
}

template <class Body>
std::size_t seal(
    char* out, char* end, const Body& body, record_type type, std::uint64_t segment) noexcept {
    while ((end - out) % 8 != 0) {
        *end++ = 0;
    }
    head top{};
    top.segment = segment;
    top.size = static_cast<std::uint32_t>(end - out);
    top.type = type;
    std::memcpy(out, &top, sizeof(top));
    std::memcpy(out + sizeof(top), &body, sizeof(body));
    top.checksum = checksum({out, top.size});
    std::memcpy(out, &top.checksum, sizeof(top.checksum));
    return top.size;
}

template <class Body>
Body body_of(const record& from) noexcept {
    Body body;
    std::memcpy(&body, from.bytes.data() + sizeof(head), sizeof(body));
    return body;
}

// Cuts the strings behind a body off one by one, never beyond the record.
class string_reader {
public:
    string_reader(const record& from, std::size_t body_size) noexcept
        : rest_(from.bytes.substr(sizeof(head) + body_size)) {}
    std::string_view next(std::uint8_t length) noexcept {
        const auto text = rest_.substr(0, length);
        rest_.remove_prefix(text.size());
        return text;
    }

private:
    std::string_view rest_;
};

std::int64_t pack(std::optional<std::int64_t> value) noexcept {
    return value.value_or(absent);
}

std::optional<std::int64_t> unpack(std::int64_t value) noexcept {
    return value == absent ? std::nullopt : std::optional(value);
}

}  // namespace

std::int64_t record::id() const noexcept {
    std::int64_t value = 0;
    std::memcpy(&value, bytes.data() + sizeof(head), sizeof(value));
    return value;
}

std::size_t write_begin(char* out,
                        const policy::usage_begin& what,
                        record_type type,
                        std::uint64_t segment) noexcept {
    begin_body body{};
    body.id = what.id.value;
    body.started = what.started.value;
    body.key = what.key.value;
    body.organization = what.organization.value;
    body.reserved = what.reserved.value;
    body.prompt_estimate = what.prompt_tokens_estimate;
    body.stream = what.stream ? 1 : 0;
    const std::array texts{cut(what.model_asked, name_bytes_max),
                           cut(what.model_served, name_bytes_max),
                           cut(what.provider, name_bytes_max)};
    char* end = append(out + sizeof(head) + sizeof(body), texts, body.lengths);
    return seal(out, end, body, type, segment);
}

std::size_t write_settle(char* out,
                         const policy::usage_settle& what,
                         std::uint64_t segment) noexcept {
    settle_body body{};
    body.id = what.id.value;
    body.started = what.started.value;
    body.key = what.key.value;
    body.organization = what.organization.value;
    body.prompt = pack(what.usage.prompt);
    body.completion = pack(what.usage.completion);
    body.cache_read = pack(what.usage.cache_read);
    body.cache_write = pack(what.usage.cache_write);
    body.reasoning = pack(what.usage.reasoning);
    body.audio_in = pack(what.usage.audio_in);
    body.audio_out = pack(what.usage.audio_out);
    body.cost = what.cost ? what.cost->value : absent;
    body.total_us = what.total_us;
    body.first_token_us = pack(what.first_token_us);
    body.overhead_us = what.overhead_us;
    body.status = what.status;
    body.attempts = what.attempts;
    body.source = what.source;
    body.stream = what.stream ? 1 : 0;
    body.clamped = what.usage.clamped ? 1 : 0;
    const std::array texts{
        cut(what.model_asked, name_bytes_max),
        cut(what.model_served, name_bytes_max),
        cut(what.provider, name_bytes_max),
        cut(what.finish_reason, word_bytes_max),
        // The label and not the number: an upgrade may renumber between a crash and its recovery.
        cut(what.error ? info(*what.error).metric : std::string_view{}, word_bytes_max)};
    char* end = append(out + sizeof(head) + sizeof(body), texts, body.lengths);
    return seal(out, end, body, record_type::settle, segment);
}

std::optional<record> read_record(std::string_view bytes, std::uint64_t segment) noexcept {
    head top;
    if (bytes.size() < sizeof(top)) {
        return std::nullopt;
    }
    std::memcpy(&top, bytes.data(), sizeof(top));
    const std::size_t body =
        top.type == record_type::settle ? sizeof(settle_body) : sizeof(begin_body);
    if (top.segment != segment || top.size % 8 != 0 || top.size < sizeof(top) + body ||
        top.size > std::min(bytes.size(), record_bytes_max) ||
        top.checksum != checksum(bytes.substr(0, top.size))) {
        return std::nullopt;
    }
    if (top.type != record_type::begin && top.type != record_type::settle &&
        top.type != record_type::carried) {
        return std::nullopt;
    }
    return record{top.type, bytes.substr(0, top.size)};
}

record trusted_record(const char* at) noexcept {
    head top;
    std::memcpy(&top, at, sizeof(top));
    return {top.type, {at, top.size}};
}

policy::usage_begin decode_begin(const record& from) noexcept {
    const auto body = body_of<begin_body>(from);
    string_reader texts(from, sizeof(body));
    policy::usage_begin what;
    what.id = {body.id};
    what.started = {body.started};
    what.key = {body.key};
    what.organization = {body.organization};
    what.reserved = {body.reserved};
    what.prompt_tokens_estimate = body.prompt_estimate;
    what.stream = body.stream != 0;
    what.model_asked = texts.next(body.lengths[0]);
    what.model_served = texts.next(body.lengths[1]);
    what.provider = texts.next(body.lengths[2]);
    return what;
}

settled_row decode_settle(const record& from) noexcept {
    const auto body = body_of<settle_body>(from);
    string_reader texts(from, sizeof(body));
    settled_row row;
    policy::usage_settle& what = row.values;
    what.id = {body.id};
    what.started = {body.started};
    what.key = {body.key};
    what.organization = {body.organization};
    what.usage.prompt = unpack(body.prompt);
    what.usage.completion = unpack(body.completion);
    what.usage.cache_read = unpack(body.cache_read);
    what.usage.cache_write = unpack(body.cache_write);
    what.usage.reasoning = unpack(body.reasoning);
    what.usage.audio_in = unpack(body.audio_in);
    what.usage.audio_out = unpack(body.audio_out);
    what.usage.clamped = body.clamped != 0;
    if (body.cost != absent) {
        what.cost = nanos{body.cost};
    }
    what.total_us = body.total_us;
    what.first_token_us = unpack(body.first_token_us);
    what.overhead_us = body.overhead_us;
    what.status = body.status;
    what.attempts = body.attempts;
    what.source = body.source;
    what.stream = body.stream != 0;
    what.model_asked = texts.next(body.lengths[0]);
    what.model_served = texts.next(body.lengths[1]);
    what.provider = texts.next(body.lengths[2]);
    what.finish_reason = texts.next(body.lengths[3]);
    row.error_label = texts.next(body.lengths[4]);
    if (const auto* known = find_error_by_metric(row.error_label); known != nullptr) {
        what.error = known->what;
    }
    return row;
}

}  // namespace gaia::store
