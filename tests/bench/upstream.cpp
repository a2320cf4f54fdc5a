// bench_upstream [PORT]: a fake provider on loopback that costs as little as possible. It answers
// any POST as an OpenAI chat completion of 1 KB, or, when the body says "stream":true, as an SSE
// stream. The request's "user" member settles the pace: "user":"chunks=100 gap_us=20000". Each
// event carries its number and the instant it was sent. Prints its port on the first line. GET
// answers its counts.
#include <algorithm>
#include <cstring>
#include <memory>
#include <queue>
#include <vector>

#include "net.hpp"

namespace {

using namespace bench;

constexpr std::size_t request_bytes_max = 64U << 20U;
constexpr std::size_t pending_bytes_max = 1U << 20U;  // a stalled reader stalls its stream

struct stream {
    std::uint64_t chunks = 0;  // events left to send, the first and last included
    std::uint64_t sent = 0;
    std::uint64_t gap_ns = 0;
    std::uint64_t due = 0;
    bool with_usage = false;
    bool active = false;
};

struct connection {
    int fd = -1;
    std::uint64_t generation = 0;
    std::string in;
    std::string out;
    std::size_t written = 0;
    bool wants_write = false;
    bool hot = false;  // in the list of streams without a gap
    stream body;
};

struct timer {
    std::uint64_t due;
    int fd;
    std::uint64_t generation;
    bool operator<(const timer& other) const { return due > other.due; }
};

// As many headers, of the sizes, that a real provider sends: a proxy parses and passes on each.
constexpr std::string_view provider_headers =
    "date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
    "openai-organization: bench-organization\r\n"
    "openai-processing-ms: 412\r\n"
    "openai-project: proj_000000000000000000000000\r\n"
    "openai-version: 2020-10-01\r\n"
    "x-ratelimit-limit-requests: 30000\r\n"
    "x-ratelimit-limit-tokens: 150000000\r\n"
    "x-ratelimit-remaining-requests: 29999\r\n"
    "x-ratelimit-remaining-tokens: 149999988\r\n"
    "x-ratelimit-reset-requests: 2ms\r\n"
    "x-ratelimit-reset-tokens: 0s\r\n"
    "x-request-id: req_bench00000000000000000000000000\r\n"
    "strict-transport-security: max-age=31536000; includeSubDomains; preload\r\n"
    "x-content-type-options: nosniff\r\n"
    "server: bench\r\n";

std::string whole_answer() {
    std::string content;
    while (content.size() < 700) {
        content += "The quick brown fox jumps over the lazy dog. ";
    }
    std::string body =
        R"({"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"gpt-4o-mini",)"
        R"("choices":[{"index":0,"message":{"role":"assistant","content":")" +
        content +
        R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":12,)"
        R"("completion_tokens":150,"total_tokens":162},"system_fingerprint":"fp_bench"})";
    return "HTTP/1.1 200 OK\r\n" + std::string{provider_headers} +
           "content-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

class upstream {
public:
    explicit upstream(int port) : answer_{whole_answer()}, epoll_{epoll_create1(0)} {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        const int on = 1;
        setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        auto address = loopback(port);
        if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            listen(listener_, 8192) != 0) {
            die("bench_upstream: listen");
        }
        socklen_t size = sizeof address;
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        std::printf("%d\n", ntohs(address.sin_port));
        std::fflush(stdout);
        epoll_event event{EPOLLIN, {.fd = listener_}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
    }

    void run() {
        std::vector<epoll_event> events(512);
        for (;;) {
            std::uint64_t due = timers_.empty() ? 0 : timers_.top().due;
            if (!hot_.empty()) {
                due = 1;  // long past: poll and go on
            }
            const int count =
                wait_until(epoll_, events.data(), static_cast<int>(events.size()), due);
            for (int i = 0; i < count; ++i) {
                const auto& event = events[static_cast<std::size_t>(i)];
                if (event.data.fd == listener_) {
                    accept_all();
                } else if (auto* c = find(event.data.fd)) {
                    ready(*c, event.events);
                }
            }
            run_timers();
            run_hot();
        }
    }

private:
    connection* find(int fd) {
        const auto index = static_cast<std::size_t>(fd);
        return index < connections_.size() ? connections_[index].get() : nullptr;
    }

    void accept_all() {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
            if (fd < 0) {
                return;
            }
            no_delay(fd);
            const auto index = static_cast<std::size_t>(fd);
            if (index >= connections_.size()) {
                connections_.resize(index + 1024);
            }
            connections_[index] = std::make_unique<connection>();
            connections_[index]->fd = fd;
            connections_[index]->generation = ++generation_;
            epoll_event event{EPOLLIN, {.fd = fd}};
            epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
            ++accepted_;
        }
    }

    void close_connection(connection& c) {
        aborted_ += c.body.active ? 1 : 0;
        close(c.fd);
        connections_[static_cast<std::size_t>(c.fd)].reset();
    }

    void ready(connection& c, std::uint32_t what) {
        const auto generation = c.generation;
        const int fd = c.fd;
        if ((what & EPOLLOUT) != 0 && !flush(c)) {
            return;
        }
        if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            read_some(c);
        }
        auto* again = find(fd);
        if (again != nullptr && again->generation == generation) {
            answer_complete_requests(*again);
        }
    }

    void read_some(connection& c) {
        char buffer[65536];
        const auto n = recv(c.fd, buffer, sizeof buffer, 0);
        if (n > 0 && c.in.size() < request_bytes_max) {
            c.in.append(buffer, static_cast<std::size_t>(n));
        } else if (n >= 0 || errno != EAGAIN) {
            close_connection(c);
        }
    }

    void answer_complete_requests(connection& c) {
        while (!c.body.active) {
            const auto head_end = c.in.find("\r\n\r\n");
            if (head_end == std::string::npos) {
                return;
            }
            std::string head = c.in.substr(0, head_end + 2);
            std::transform(head.begin(), head.end(), head.begin(), [](char ch) {
                return ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch + 32) : ch;
            });
            const auto length =
                static_cast<std::size_t>(number_after(head, "\r\ncontent-length: ", 0));
            if (c.in.size() - head_end - 4 < length) {
                return;
            }
            const std::string_view body{c.in.data() + head_end + 4, length};
            const bool post = head.starts_with("post ");
            const bool streamed = post && body.find(R"("stream":true)") != std::string_view::npos;
            ++requests_;
            if (streamed) {
                start_stream(c, body);
            } else if (post) {
                c.out += answer_;
            } else {
                answer_counts(c);
            }
            c.in.erase(0, head_end + 4 + length);
            if (!flush(c)) {
                return;
            }
        }
    }

    void answer_counts(connection& c) {
        const std::string text = "accepted " + std::to_string(accepted_) + "\nrequests " +
                                 std::to_string(requests_) + "\naborted " +
                                 std::to_string(aborted_) + "\n";
        c.out +=
            "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
    }

    void start_stream(connection& c, std::string_view body) {
        const auto pace = body.find(R"("user":")");
        const auto words = pace == std::string_view::npos ? std::string_view{} : body.substr(pace);
        c.body = {.chunks = number_after(words, "chunks=", 20),
                  .gap_ns = number_after(words, "gap_us=", 0) * 1000,
                  .with_usage = body.find(R"("include_usage":true)") != std::string_view::npos,
                  .active = true};
        c.out += "HTTP/1.1 200 OK\r\n";
        c.out += provider_headers;
        c.out +=
            "content-type: text/event-stream; charset=utf-8\r\n"
            "transfer-encoding: chunked\r\n\r\n";
        c.body.due = now_ns();
        next_event(c);
    }

    static void append_chunk(std::string& out, std::string_view data) {
        char size[24];
        out.append(
            size,
            static_cast<std::size_t>(std::snprintf(size, sizeof size, "%zx\r\n", data.size())));
        out.append(data);
        out.append("\r\n");
    }

    // Appends one event (the last one brings the end with it) and asks for the next.
    void next_event(connection& c) {
        auto& s = c.body;
        char event[512];
        const bool last = s.sent + 1 >= s.chunks;
        const int n = std::snprintf(
            event,
            sizeof event,
            R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,)"
            R"("model":"gpt-4o-mini","system_fingerprint":"fp_bench","choices":[{"index":0,"delta":{)"
            R"("content":"n=%llu t=%llu "},"logprobs":null,"finish_reason":%s}]})"
            "\n\n",
            static_cast<unsigned long long>(s.sent),
            static_cast<unsigned long long>(now_ns()),
            last ? R"("stop")" : "null");
        append_chunk(c.out, {event, static_cast<std::size_t>(n)});
        ++s.sent;
        if (last) {
            if (s.with_usage) {
                append_chunk(c.out,
                             R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk",)"
                             R"("created":1700000000,"model":"gpt-4o-mini","choices":[],"usage":{)"
                             R"("prompt_tokens":12,"completion_tokens":150,"total_tokens":162}})"
                             "\n\n");
            }
            append_chunk(c.out, "data: [DONE]\n\n");
            c.out += "0\r\n\r\n";
            s.active = false;
        } else if (s.gap_ns != 0) {
            s.due += s.gap_ns;  // from the plan, not from now: lateness does not add up
            timers_.push({s.due, c.fd, c.generation});
        } else if (!c.hot) {
            c.hot = true;
            hot_.push_back({0, c.fd, c.generation});
        }
    }

    void run_timers() {
        const auto now = now_ns();
        while (!timers_.empty() && timers_.top().due <= now) {
            const timer due = timers_.top();
            timers_.pop();
            auto* c = find(due.fd);
            if (c == nullptr || c->generation != due.generation) {
                continue;
            }
            if (c->out.size() > pending_bytes_max) {
                timers_.push({now + c->body.gap_ns, due.fd, due.generation});
                continue;
            }
            next_event(*c);
            if (flush(*c) && !c->body.active) {
                answer_complete_requests(*c);
            }
        }
    }

    // One event, and one send, for each stream without a gap: what a fast model does.
    void run_hot() {
        auto round = std::move(hot_);
        hot_.clear();
        for (const auto& entry : round) {
            auto* c = find(entry.fd);
            if (c == nullptr || c->generation != entry.generation) {
                continue;
            }
            c->hot = false;
            if (c->wants_write || !c->body.active) {
                continue;  // flush() brings it back
            }
            next_event(*c);
            if (flush(*c) && !c->body.active) {
                answer_complete_requests(*c);
            }
        }
    }

    // False when the connection is gone.
    bool flush(connection& c) {
        while (c.written < c.out.size()) {
            const auto n = send(c.fd,
                                c.out.data() + c.written,
                                c.out.size() - c.written,
                                MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0 && errno == EAGAIN) {
                watch_write(c, true);
                return true;
            }
            if (n <= 0) {
                close_connection(c);
                return false;
            }
            c.written += static_cast<std::size_t>(n);
        }
        c.out.clear();
        c.written = 0;
        watch_write(c, false);
        return true;
    }

    void watch_write(connection& c, bool on) {
        if (c.wants_write == on) {
            return;
        }
        c.wants_write = on;
        epoll_event event{on ? EPOLLIN | EPOLLOUT : EPOLLIN, {.fd = c.fd}};
        epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
        if (!on && c.body.active && c.body.gap_ns == 0 && !c.hot) {
            c.hot = true;
            hot_.push_back({0, c.fd, c.generation});
        }
    }

    std::string answer_;
    int epoll_;
    int listener_ = -1;
    std::uint64_t generation_ = 0;
    std::uint64_t accepted_ = 0;
    std::uint64_t requests_ = 0;
    std::uint64_t aborted_ = 0;
    std::vector<std::unique_ptr<connection>> connections_;  // by descriptor
    std::priority_queue<timer> timers_;
    std::vector<timer> hot_;
};

}  // namespace

int main(int argc, char** argv) {
    raise_file_limit();
    upstream{argc > 1 ? std::atoi(argv[1]) : 0}.run();
}
