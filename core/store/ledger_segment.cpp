#include "core/store/ledger_segment.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace gaia::store {
namespace {

constexpr std::string_view extension = ".seg";
constexpr std::string_view magic = "GaiaRouter ledger 1\n";  // for people; numbers are in the name
constexpr std::size_t page = 4096;

std::string path_of(const std::string& folder, std::uint64_t number) {
    return fmt::format("{}/{:016x}{}", folder, number, extension);
}

[[noreturn]] void raise(int error, const char* what) {
    throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

segment::segment(const std::string& folder,
                 std::uint64_t number,
                 std::size_t bytes,
                 std::size_t shard)
    : folder_(folder), number_(number), size_(bytes), shard_(shard) {
    const std::string path = path_of(folder, number);
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        raise(errno, "ledger segment");
    }
    int error = ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
    if (error == 0) {
        void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (at != MAP_FAILED) {
            ::close(file);  // the mapping stays: a large backlog must not use up descriptors
            data_ = static_cast<char*>(at);
            std::memcpy(data_, magic.data(), magic.size());
            return;
        }
        error = errno;
    }
    ::unlink(path.c_str());
    ::close(file);
    raise(error, "ledger segment");
}

segment::~segment() {
    ::munmap(data_, size_);
}

bool segment::use_again(std::uint64_t number) noexcept {
    // From this rename on every record in it is a stranger's: they name the old number.
    if (std::rename(path_of(folder_, number_).c_str(), path_of(folder_, number).c_str()) != 0) {
        return false;
    }
    number_ = number;
    tail = tracked = moved = synced = header_bytes;
    sealed = dropped = false;
    open = 0;
    return true;
}

void segment::remove() noexcept {
    ::unlink(path_of(folder_, number_).c_str());
}

void segment::drop_from_memory() noexcept {
    if (!dropped) {
        ::madvise(
            data_, size_, MADV_DONTNEED);  // a shared mapping: its bytes stay in the page cache
        dropped = true;
    }
}

void segment::sync(std::size_t up_to) noexcept {
    const std::size_t from = synced / page * page;
    if (::msync(data_ + from, up_to - from, MS_SYNC) == 0) {
        synced = up_to;
    }  // else: tried again at the next tick
}

std::vector<segment_file> list_segments(const std::string& folder) {
    std::vector<segment_file> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        segment_file file;
        const char* last = name.data() + name.size();
        const auto [end, error] = std::from_chars(name.data(), last, file.number, 16);
        if (error == std::errc() &&
            std::string_view(end, static_cast<std::size_t>(last - end)) == extension) {
            file.path = entry.path().string();
            found.push_back(std::move(file));
        }
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return a.number < b.number;
    });
    return found;
}

scan_report scan_segment(std::string_view content,
                         std::uint64_t number,
                         const std::function<void(const record&, std::size_t)>& each) {
    scan_report report;
    bool lost = false;
    for (std::size_t at = segment::header_bytes; at < content.size();) {
        const auto found = read_record(content.substr(at), number);
        if (!found) {
            lost = true;
            at += 8;
            continue;
        }
        report.damaged += lost ? 1 : 0;
        lost = false;
        ++report.records;
        each(*found, at);
        at += found->bytes.size();
    }
    return report;
}

}  // namespace gaia::store
