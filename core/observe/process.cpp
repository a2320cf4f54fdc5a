#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "core/base/clock.hpp"
#include "core/observe/metrics.hpp"

namespace gaia::observe {
namespace {

std::int64_t open_files() {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
    std::int64_t count = 0;
    while (folder && ::readdir(folder.get()) != nullptr) {
        ++count;
    }
    return count > 3 ? count - 3 : 0;  // ".", ".." and the folder itself
}

std::int64_t resident_bytes() {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/statm", "r"),
                                                     &std::fclose);
    long long total = 0;
    long long resident = 0;
    if (!file || std::fscanf(file.get(), "%lld %lld", &total, &resident) != 2) {
        return 0;
    }
    return resident * ::sysconf(_SC_PAGESIZE);
}

const double started_at = static_cast<double>(wall_now().value) / 1e6;

}  // namespace

void render_process(exposition& out) {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    out.family("process_cpu_seconds_total", "counter", "User and system CPU time.");
    out.sample("process_cpu_seconds_total", {}, seconds(used.ru_utime) + seconds(used.ru_stime));
    out.gauge(
        "process_resident_memory_bytes", "Resident memory.", static_cast<double>(resident_bytes()));
    out.gauge("process_open_fds", "Open file descriptors.", static_cast<double>(open_files()));
    out.gauge(
        "process_max_fds", "Limit on open file descriptors.", static_cast<double>(files.rlim_cur));
    out.gauge("process_start_time_seconds", "Start time since the epoch.", started_at);
}

}  // namespace gaia::observe
