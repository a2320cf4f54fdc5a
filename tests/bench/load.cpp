// bench_load: puts load on an HTTP server on loopback and says what it cost.
//
//   bench_load closed PORT...   connections that ask again as soon as they have their answer
//   bench_load rate PORT...     a fixed rate, half of it on each of two ports in turn; latency
//   counts
//                               from when a request was due, so that a stall is not left out
//   bench_load hold PORT        as many streams as connections, all open at the same time
//
//   --conns N --seconds S --warmup S --prompt BYTES --stream --chunks N --gap-us N --ramp-ms N
//   --rate N --pid PID --key KEY --model NAME
//
// Prints "name<TAB>value" lines; ends with 3 when a request failed.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "process.hpp"
#include "response.hpp"

namespace {

using namespace bench;

// The kind of headers that an SDK adds of its own.
constexpr std::string_view sdk_headers =
    "User-Agent: bench/JS 1.0.0\r\n"
    "X-Stainless-Retry-Count: 0\r\n"
    "X-Stainless-Lang: js\r\n"
    "X-Stainless-Package-Version: 1.0.0\r\n"
    "X-Stainless-OS: Linux\r\n"
    "X-Stainless-Arch: x64\r\n"
    "X-Stainless-Runtime: node\r\n"
    "X-Stainless-Runtime-Version: v22.0.0\r\n"
    "Accept-Encoding: gzip, deflate\r\n";

struct settings {
    std::string mode;
    std::vector<int> ports;
    std::uint64_t connections = 64, chunks = 20, gap_us = 0, prompt = 0, rate = 1000, ramp_ms = 0;
    double seconds = 4, warmup = 1;
    bool stream = false;
    int pid = 0;
    std::string key = "sk-bench-0123456789abcdefghijklmnopqrstuvwxyz", model = "gpt-4o-mini";
};

struct percentiles {
    std::vector<double> values;
    void add(std::uint64_t ns) { values.push_back(static_cast<double>(ns) / 1000.0); }
    double at(double share) {
        if (values.empty()) {
            return 0;
        }
        const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
        std::nth_element(
            values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index), values.end());
        return values[index];
    }
};

struct client {
    int fd = -1;
    std::size_t target = 0;
    bool busy = false;
    bool first_event = false;
    std::uint64_t started = 0;
    std::size_t sent = 0;
    response answer;
};

void print(const std::string& name, double value) {
    std::printf("%s\t%.3f\n", name.c_str(), value);
}

class load {
public:
    explicit load(settings s)
        : set_{std::move(s)}, epoll_{epoll_create1(0)}, latency_(set_.ports.size()) {
        std::string content = "Say hello in one short sentence.";
        while (content.size() < set_.prompt) {
            content += " The quick brown fox jumps over the lazy dog, and then it does so again.";
        }
        std::string body =
            R"({"model":")" + set_.model + R"(","messages":[{"role":"user","content":")" + content +
            R"("}],"temperature":0.7,"max_tokens":256)" +
            (set_.stream ? R"(,"stream":true,"stream_options":{"include_usage":true})" : "") +
            R"(,"user":"chunks=)" + std::to_string(set_.chunks) +
            " gap_us=" + std::to_string(set_.gap_us) + "\"}";
        request_ =
            "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " +
            set_.key + "\r\nContent-Type: application/json\r\nAccept: application/json\r\n" +
            std::string{sdk_headers} + "Content-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body;
    }

    int run() {
        start_ = now_ns();
        measure_from_ = start_ + nanoseconds(set_.warmup);
        end_ = measure_from_ + nanoseconds(set_.seconds);
        resident_before_ = set_.pid != 0 ? resident_kib(set_.pid) : 0;
        if (set_.mode == "rate") {
            due_ = start_;
        }
        while (!finished_) {
            tick(now_ns());
            step();
        }
        report();
        return failed_ == 0 ? 0 : 3;
    }

private:
    static std::uint64_t nanoseconds(double seconds) {
        return static_cast<std::uint64_t>(seconds * 1e9);
    }
    bool hold() const { return set_.mode == "hold"; }
    bool measured(std::uint64_t from) const { return from >= measure_from_; }

    // Everything that happens by the clock.
    void tick(std::uint64_t now) {
        if (set_.mode == "rate") {
            while (due_ <= now && due_ < end_) {
                ask_at(due_);
                due_ += 1'000'000'000U / set_.rate;
            }
        } else {
            const auto ramp = std::max<std::uint64_t>(set_.ramp_ms * 1'000'000U, 1);
            const auto wanted =
                std::min(set_.connections, set_.connections * (now - start_) / ramp + 1);
            while (clients_.size() < wanted) {
                begin(open(0), now);
            }
        }
        if (!measuring_ && now >= measure_from_) {
            measuring_ = true;
            measured_at_ = now;
            cpu_before_ = set_.pid != 0 ? cpu_ns(set_.pid) : 0;
        }
        if (set_.pid != 0 && now - sampled_ > 100'000'000U) {
            sampled_ = now;
            resident_peak_ = std::max(resident_peak_, resident_kib(set_.pid));
        }
        const bool out_of_time = hold() ? now > end_ + 20'000'000'000U : now >= end_;
        const bool all_ended = hold() && clients_.size() == set_.connections && busy_ == 0;
        // At a fixed rate the last requests are waited for: leaving them out would flatter.
        const bool waits = set_.mode == "rate" && busy_ > 0 && now < end_ + 2'000'000'000U;
        if (all_ended || (out_of_time && !waits)) {
            finished_ = true;
            measured_ns_ = now - measured_at_;
            cpu_used_ = set_.pid != 0 ? cpu_ns(set_.pid) - cpu_before_ : 0;
            failed_ += hold() || set_.mode == "rate" ? busy_ : 0;
        }
    }

    void step() {
        epoll_event events[512];
        std::uint64_t due = now_ns() + 2'000'000U;
        if (set_.mode == "rate" && due_ < end_) {
            due = due_;
        }
        const int count = wait_until(epoll_, events, 512, due);
        for (int i = 0; i < count; ++i) {
            ready(*static_cast<client*>(events[i].data.ptr), events[i].events);
        }
    }

    client& open(std::size_t target) {
        clients_.push_back(std::make_unique<client>());
        client& c = *clients_.back();
        c.target = target;
        connect_client(c);
        return c;
    }

    void connect_client(client& c) {
        c.fd = socket(AF_INET, SOCK_STREAM, 0);
        auto address = loopback(set_.ports[c.target]);
        if (c.fd < 0 || connect(c.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            die("bench_load: connect to " + std::to_string(set_.ports[c.target]));
        }
        fcntl(c.fd, F_SETFL, O_NONBLOCK);
        no_delay(c.fd);
        epoll_event event{EPOLLIN, {.ptr = &c}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
    }

    void ask_at(std::uint64_t due) {
        const auto target = asked_++ % set_.ports.size();
        for (auto& c : clients_) {
            if (!c->busy && c->target == target) {
                begin(*c, due);
                return;
            }
        }
        begin(open(target), due);
    }

    void begin(client& c, std::uint64_t due) {
        c.busy = true;
        c.first_event = false;
        c.started = due;
        c.sent = 0;
        c.answer.reset();
        ++busy_;
        write_some(c);
    }

    void write_some(client& c) {
        const auto n = send(c.fd, request_.data() + c.sent, request_.size() - c.sent, MSG_NOSIGNAL);
        c.sent += n > 0 ? static_cast<std::size_t>(n) : 0;
        if (n < 0 && errno != EAGAIN) {
            ended(c, false);
            return;
        }
        const bool more = c.sent < request_.size();
        if (more || write_watched_) {
            epoll_event event{more ? EPOLLIN | EPOLLOUT : EPOLLIN, {.ptr = &c}};
            epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
            write_watched_ = true;  // from here on this request size may need it
        }
    }

    void ready(client& c, std::uint32_t what) {
        if ((what & EPOLLOUT) != 0 && c.busy) {
            write_some(c);
        }
        if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) {
            return;
        }
        static char buffer[262144];
        const auto n = recv(c.fd, buffer, sizeof buffer, 0);
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n <= 0 || !c.busy) {
            c.busy ? ended(c, false) : renew(c);
            return;
        }
        const auto now = now_ns();
        c.answer.take({buffer, static_cast<std::size_t>(n)}, [&](std::uint64_t sent_ns) {
            if (measured(now)) {
                ++events_;
                transit_.add(now - sent_ns);
                if (!c.first_event) {
                    first_event_.add(now - c.started);
                }
            }
            if (!c.first_event) {
                c.first_event = true;
                held_ = std::max(held_, ++live_);
            }
        });
        if (c.answer.at() == response::state::done) {
            ended(c, c.answer.ok());
        } else if (c.answer.at() == response::state::failed) {
            ended(c, false);
        }
    }

    void renew(client& c) {
        close(c.fd);
        connect_client(c);
    }

    void ended(client& c, bool ok) {
        const auto now = now_ns();
        c.busy = false;
        --busy_;
        live_ -= c.first_event ? 1 : 0;
        if (set_.stream && c.answer.events() != set_.chunks) {
            ok = false;
        }
        if (!ok) {
            ++failed_;
            last_status_ = c.answer.status();
            renew(c);
        } else if (hold() || measured(set_.mode == "rate" ? c.started : now)) {
            ++completed_;
            latency_[c.target].add(now - c.started);
        }
        if (set_.mode == "closed" && now < end_ && failed_ < 1000) {
            begin(c, now);
        }
    }

    void report() {
        const double seconds = static_cast<double>(measured_ns_) / 1e9;
        const double cpu_us = static_cast<double>(cpu_used_) / 1000.0;
        print("completed", static_cast<double>(completed_));
        print("failed", static_cast<double>(failed_));
        if (last_status_ != 0) {
            print("failed_status", last_status_);
        }
        print("requests_per_s", static_cast<double>(completed_) / seconds);
        for (std::size_t i = 0; i < latency_.size(); ++i) {
            const std::string name = i == 0 ? "latency_" : "latency" + std::to_string(i + 1) + "_";
            print(name + "p50_us", latency_[i].at(0.5));
            print(name + "p99_us", latency_[i].at(0.99));
        }
        if (set_.stream) {
            print("events_per_s", static_cast<double>(events_) / seconds);
            print("first_event_p50_us", first_event_.at(0.5));
            print("transit_p50_us", transit_.at(0.5));
            print("transit_p99_us", transit_.at(0.99));
            print("held", static_cast<double>(held_));
        }
        if (set_.pid != 0) {
            const auto per = [&](std::uint64_t n) {
                return cpu_us / static_cast<double>(std::max<std::uint64_t>(n, 1));
            };
            print("cpu_us_per_request", per(completed_));
            print("cpu_us_per_event", per(events_));
            print("cpu_percent", cpu_us / seconds / 10000.0);
            print("resident_peak_kib", static_cast<double>(resident_peak_));
            const auto streams = std::max<std::uint64_t>(held_, 1);
            const auto grown = resident_peak_ - std::min(resident_peak_, resident_before_);
            print("kib_per_stream", static_cast<double>(grown) / static_cast<double>(streams));
        }
    }

    settings set_;
    int epoll_;
    std::string request_;
    std::vector<std::unique_ptr<client>> clients_;
    bool finished_ = false, measuring_ = false, write_watched_ = false;
    std::uint64_t start_ = 0, measure_from_ = 0, end_ = 0, due_ = 0, asked_ = 0, sampled_ = 0;
    std::uint64_t busy_ = 0, live_ = 0, held_ = 0, completed_ = 0, failed_ = 0, events_ = 0;
    std::uint64_t measured_at_ = 0, measured_ns_ = 1, cpu_before_ = 0, cpu_used_ = 0;
    std::uint64_t resident_before_ = 0, resident_peak_ = 0;
    int last_status_ = 0;
    std::vector<percentiles> latency_;
    percentiles first_event_, transit_;
};

settings parse(int argc, char** argv) {
    settings s;
    if (argc < 3) {
        die("usage: bench_load closed|rate|hold PORT... [--name value]...");
    }
    s.mode = argv[1];
    for (int i = 2; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (!name.starts_with("--")) {
            s.ports.push_back(std::atoi(argv[i]));
            continue;
        }
        if (name == "--stream") {
            s.stream = true;
            continue;
        }
        if (i + 1 >= argc) {
            die("bench_load: no value for " + std::string{name});
        }
        const char* value = argv[++i];
        const auto number = std::strtoull(value, nullptr, 10);
        if (name == "--conns") {
            s.connections = number;
        } else if (name == "--seconds") {
            s.seconds = std::atof(value);
        } else if (name == "--warmup") {
            s.warmup = std::atof(value);
        } else if (name == "--prompt") {
            s.prompt = number;
        } else if (name == "--chunks") {
            s.chunks = number;
        } else if (name == "--gap-us") {
            s.gap_us = number;
        } else if (name == "--ramp-ms") {
            s.ramp_ms = number;
        } else if (name == "--rate") {
            s.rate = number;
        } else if (name == "--pid") {
            s.pid = static_cast<int>(number);
        } else if (name == "--key") {
            s.key = value;
        } else if (name == "--model") {
            s.model = value;
        } else {
            die("bench_load: unknown option " + std::string{name});
        }
    }
    if (s.ports.empty() || s.rate == 0) {
        die("bench_load: a port and a rate above 0 are needed");
    }
    return s;
}

}  // namespace

int main(int argc, char** argv) {
    raise_file_limit();
    return load{parse(argc, argv)}.run();
}
