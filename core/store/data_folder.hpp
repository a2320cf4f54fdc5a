#pragma once

#include <string>

#include "core/base/error.hpp"

namespace gaia::store {

// The folder that holds everything the gateway keeps: made with rights 0700, and held by one
// process at a time through a lock on gaiarouter.lock (the holder's process id is written in it).
// The lock ends with the object or the process, however that ends.
class data_folder {
public:
    // Fails with conflict when another process holds it, with internal when it cannot be made or
    // used; the failure's message is a sentence for the operator.
    static result<data_folder> open(const std::string& path);
    ~data_folder();
    data_folder(data_folder&& other) noexcept;
    data_folder& operator=(data_folder&& other) noexcept;

    const std::string& path() const noexcept { return path_; }
    std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

private:
    data_folder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::string path_;
    int lock_ = -1;
};

}  // namespace gaia::store
