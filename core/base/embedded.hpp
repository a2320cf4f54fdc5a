#pragma once

#include <string_view>

namespace gaia::base {

// A file compiled into the binary (scripts/cmake/embed.cmake). Points into .rodata for ever.
struct embedded_file {
    std::string_view name;     // path relative to the folder that embeds it
    std::string_view content;  // followed by a NUL byte that is not counted
};

}  // namespace gaia::base
