#include "core/store/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace gaia::store {
namespace {

constexpr std::string_view lock_name = "gaiarouter.lock";

std::string reason(int error) {
    return std::generic_category().message(error);
}

failure unusable(const std::string& path, const std::string& why) {
    return fail(errc::internal, fmt::format("The data folder {} cannot be used: {}.", path, why));
}

// Only a folder that is new or ours is tightened: an operator may name any folder by mistake.
bool is_ours(const std::string& path, std::error_code& error) {
    return std::filesystem::exists(path + "/" + std::string(lock_name), error) ||
           std::filesystem::is_empty(path, error);
}

std::string holder(int lock) {
    std::array<char, 32> text{};
    const auto size = ::pread(lock, text.data(), text.size() - 1, 0);
    std::string digits(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    digits.resize(std::min(digits.size(), digits.find_first_not_of("0123456789")));
    return digits.empty() ? "another process" : "process " + digits;
}

}  // namespace

result<data_folder> data_folder::open(const std::string& path) {
    std::error_code error;
    const bool made = std::filesystem::create_directories(path, error);
    if (error) {
        return unusable(path, error.message());
    }
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0 || !S_ISDIR(about.st_mode)) {
        return unusable(path, "it is not a folder");
    }
    if ((made || ((about.st_mode & 077) != 0 && is_ours(path, error))) &&
        ::chmod(path.c_str(), 0700) != 0) {
        return unusable(path, reason(errno));
    }
    const std::string name = path + "/" + std::string(lock_name);
    const int lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) {
        return unusable(path, reason(errno));
    }
    data_folder folder(path, lock);
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return unusable(path, reason(errno));
        }
        return fail(errc::conflict,
                    fmt::format("The data folder {} is in use by {}. Only one gateway may use it.",
                                path,
                                holder(lock)));
    }
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(lock, 0) != 0 ||
        ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return unusable(path, reason(errno));
    }
    return folder;
}

data_folder::~data_folder() {
    if (lock_ >= 0) {
        ::close(lock_);
    }
}

data_folder::data_folder(data_folder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

data_folder& data_folder::operator=(data_folder&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    return *this;
}

}  // namespace gaia::store
