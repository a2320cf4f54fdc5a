#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/ledger_record.hpp"

namespace gaia::store {

// One file of the ledger, mapped into memory and with all its blocks allocated, so that a write
// into it can neither fail nor fault. What was copied into the mapping survives the death of the
// process. Its number is its file name; a file may be used again under a new number.
class segment {
public:
    static constexpr std::size_t header_bytes = 64;

    // Throws std::system_error: no room, no rights.
    segment(const std::string& folder, std::uint64_t number, std::size_t bytes, std::size_t shard);
    ~segment();  // unmaps; the file stays
    segment(const segment&) = delete;
    segment& operator=(const segment&) = delete;

    // False: the file could not be renamed and is still under its old number.
    bool use_again(std::uint64_t number) noexcept;
    void remove() noexcept;
    // Gives the memory back while the file keeps the bytes; they come back when they are read.
    void drop_from_memory() noexcept;
    // To the disk, for the case that the machine and not only the process dies. Blocks.
    void sync(std::size_t up_to) noexcept;

    char* data() noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    std::size_t shard() const noexcept { return shard_; }
    std::uint64_t number() const noexcept { return number_; }

    // The ledger's, under its shard's lock.
    std::size_t tail = header_bytes;
    bool sealed = false;  // nothing more is appended

    // The mover's.
    std::size_t tracked = header_bytes;  // seen for the account of open requests
    std::size_t moved = header_bytes;    // settled records are in the database up to here
    std::size_t synced = header_bytes;
    std::size_t open = 0;  // begins in it that are not settled
    bool dropped = false;

private:
    std::string folder_;
    std::uint64_t number_;
    std::size_t size_;
    std::size_t shard_;
    char* data_ = nullptr;
};

struct segment_file {
    std::uint64_t number = 0;
    std::string path;
};

// The segments in a folder, in order of their numbers; other files are left alone.
std::vector<segment_file> list_segments(const std::string& folder);

struct scan_report {
    std::size_t records = 0;
    std::size_t damaged = 0;  // places where something unreadable stood before a readable record
};

// Calls `each(record, offset)` for every whole record of a segment's bytes. A damaged place is
// stepped over: it costs the records it hit and not those behind it.
scan_report scan_segment(std::string_view content,
                         std::uint64_t number,
                         const std::function<void(const record&, std::size_t)>& each);

}  // namespace gaia::store
