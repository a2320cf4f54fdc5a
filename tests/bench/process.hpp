#pragma once
// What a process has cost so far, read from /proc.

#include <dirent.h>

#include <string>

#include "net.hpp"

namespace bench {

inline std::string file_text(const std::string& path) {
    std::string text;
    if (std::FILE* file = std::fopen(path.c_str(), "r")) {
        char buffer[8192];
        std::size_t n = 0;
        while ((n = std::fread(buffer, 1, sizeof buffer, file)) > 0) {
            text.append(buffer, n);
        }
        std::fclose(file);
    }
    return text;
}

// Nanoseconds on a processor, user and kernel, of all threads that live now.
inline std::uint64_t cpu_ns(int pid) {
    std::uint64_t sum = 0;
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    if (DIR* dir = opendir(tasks.c_str())) {
        while (const dirent* entry = readdir(dir)) {
            if (entry->d_name[0] != '.') {
                sum += std::strtoull(
                    file_text(tasks + "/" + entry->d_name + "/schedstat").c_str(), nullptr, 10);
            }
        }
        closedir(dir);
    }
    return sum;
}

inline std::uint64_t resident_kib(int pid) {
    const auto text = file_text("/proc/" + std::to_string(pid) + "/status");
    const auto at = text.find("VmRSS:");
    return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + 6, nullptr, 10);
}

}  // namespace bench
