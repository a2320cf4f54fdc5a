#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gaia::chat {

// What a target could not be told, and what stands in for it. Filled by encoders; shown in the
// log and in the x-gaiarouter-dropped header; a provider or request that is strict refuses instead.
class loss_report {
public:
    enum class kind : std::uint8_t {
        dropped,   // the target never hears of it
        changed,   // it gets another value (clamped, nearest, prefixed)
        emulated,  // it gets the same by other means
    };
    struct loss {
        kind what = kind::dropped;
        std::string path;    // in the IR's words: "sampling.top_k", "turns[2].parts[0].cache"
        std::string reason;  // for the log; never holds what the user wrote
        bool operator==(const loss&) const = default;
    };

    void dropped(std::string path, std::string reason);
    void changed(std::string path, std::string reason);
    void emulated(std::string path, std::string reason);

    const std::vector<loss>& all() const noexcept { return all_; }
    bool empty() const noexcept { return all_.empty(); }
    // For x-gaiarouter-dropped: paths of what was dropped or changed, at most 1 KiB of token
    // characters. Empty when there is none.
    std::string header() const;
    // What a strict target answers: a 400 naming the first dropped or changed path.
    std::optional<failure> refusal() const;

private:
    void add(kind what, std::string path, std::string reason);

    std::vector<loss> all_;
};

}  // namespace gaia::chat
