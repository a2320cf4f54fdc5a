#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/policy/usage_ledger.hpp"

// The bytes of one ledger record. Native byte order: a ledger never leaves its machine. Each record
// says its size and the segment it was written into and carries an XXH3 checksum over all of
// itself, so that a record cut off by a crash, or left from an earlier use of the file, is not
// taken for one.
namespace gaia::store {

enum class record_type : std::uint8_t {
    begin = 1,
    settle = 2,
    carried = 3,  // a copy of a begin, made so that its old segment can be used again
};

inline constexpr std::size_t name_bytes_max = 128;  // model_asked, model_served, provider
inline constexpr std::size_t word_bytes_max = 32;   // finish_reason, error label
// Room for the longest record of either type.
inline constexpr std::size_t record_bytes_max =
    24 + 136 + 8 + 3 * name_bytes_max + 2 * word_bytes_max;

// A record inside a segment; views point into it.
struct record {
    record_type type = record_type::begin;
    std::string_view bytes;  // all of it
    std::int64_t id() const noexcept;
};

// What a usage row is made of. `error_label` may be one that this build does not know.
struct settled_row {
    policy::usage_settle values;
    std::string_view error_label;
};

// Writes at `out`, which has room for record_bytes_max bytes; returns the size, a multiple of 8.
std::size_t write_begin(char* out,
                        const policy::usage_begin& what,
                        record_type type,
                        std::uint64_t segment) noexcept;
std::size_t write_settle(char* out,
                         const policy::usage_settle& what,
                         std::uint64_t segment) noexcept;

// The record at the start of `bytes`, if a whole one of this segment is there.
std::optional<record> read_record(std::string_view bytes, std::uint64_t segment) noexcept;
// The same without the checksum, for bytes this process has written itself. Never call it at the
// tail.
record trusted_record(const char* at) noexcept;

policy::usage_begin decode_begin(const record& from) noexcept;
settled_row decode_settle(const record& from) noexcept;

}  // namespace gaia::store
