#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "core/policy/key.hpp"

namespace gaia::app {

// The keys of the data folder as the snapshot is to have them; changed by the admin API, read when
// a snapshot is built. Any thread.
class key_book {
public:
    void fill(std::vector<policy::key_record> keys) {
        const std::lock_guard lock(mutex_);
        keys_ = std::move(keys);
    }
    void change(policy::key_record key) {
        const std::lock_guard lock(mutex_);
        const auto row =
            std::find_if(keys_.begin(), keys_.end(), [&](const auto& k) { return k.id == key.id; });
        if (row != keys_.end()) {
            *row = std::move(key);
        } else {
            keys_.push_back(std::move(key));
        }
    }
    std::vector<policy::key_record> copy() const {
        const std::lock_guard lock(mutex_);
        return keys_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<policy::key_record> keys_;
};

}  // namespace gaia::app
