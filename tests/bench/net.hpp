#pragma once
// What the two bench tools share: monotonic time, loopback sockets, numbers out of text.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace bench {

[[noreturn]] inline void die(const std::string& what) {
    std::fprintf(stderr,
                 "%s%s%s\n",
                 what.c_str(),
                 errno != 0 ? ": " : "",
                 errno != 0 ? std::string{strerrordesc_np(errno)}.c_str() : "");
    std::exit(1);
}

// Nanoseconds of CLOCK_MONOTONIC, which the sender and the receiver of an event share.
inline std::uint64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(t.tv_nsec);
}

inline sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline void no_delay(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// As many descriptors as the hard limit allows: a stream needs one at either end.
inline void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// The number that follows the first occurrence of key, or fallback.
inline std::uint64_t number_after(std::string_view text,
                                  std::string_view key,
                                  std::uint64_t fallback) {
    const auto at = text.find(key);
    if (at == std::string_view::npos) {
        return fallback;
    }
    std::uint64_t value = fallback;
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
    return value;
}

// epoll_pwait2 with an absolute due time in nanoseconds; 0 waits for ever.
inline int wait_until(int epoll, epoll_event* events, int count, std::uint64_t due) {
    if (due == 0) {
        return epoll_pwait2(epoll, events, count, nullptr, nullptr);
    }
    const auto now = now_ns();
    const auto left = due > now ? due - now : 0;
    const timespec span{static_cast<time_t>(left / 1'000'000'000U),
                        static_cast<long>(left % 1'000'000'000U)};
    return epoll_pwait2(epoll, events, count, &span, nullptr);
}

}  // namespace bench
