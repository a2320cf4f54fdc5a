#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/app/environment.hpp"
#include "core/app/problem.hpp"

// The values of settings: what they are written as, and what they are filled in from.
namespace gaia::app {

// A scalar after ${VAR} and file: were replaced. `literal` is false when any of it came from
// elsewhere; then it may be a secret and is never shown.
struct located {
    std::string text;
    position at;
    bool literal = true;
};

// Reads a whole file, or says in one line why it cannot; the text of an error never holds content.
struct file_content {
    std::string text;
    std::string error;  // empty when it was read
};
using file_reader = std::function<file_content(const std::string& path)>;

inline constexpr std::size_t value_bytes_max = 64 * 1024;

struct expansion {
    std::string text;
    bool literal = true;
    std::string error;  // not empty when it failed
};

// Replaces ${VAR} and ${VAR:-default} (taken when VAR is unset or empty); $${ stands for ${. What a
// variable holds is taken as it is: not expanded again, not read as YAML. A value that begins with
// "file:" is the content of that file without trailing line ends; its path is relative to `folder`.
expansion expand(std::string_view text,
                 const environment& env,
                 const file_reader& read,
                 const std::string& folder);

// A path of a configuration file, relative to the folder that file is in.
std::string resolve_path(const std::string& folder, const std::string& path);

// Decimal digits only.
std::optional<std::int64_t> parse_count(std::string_view text);
// "500ms", "5s", "2m", "1h", "1d".
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// "4096", "8KiB", "10MiB", "1GiB".
std::optional<std::int64_t> parse_bytes(std::string_view text);

// The shortest way to write them that parses back to the same value.
std::string to_duration_text(std::chrono::milliseconds value);
std::string to_bytes_text(std::int64_t value);

}  // namespace gaia::app
