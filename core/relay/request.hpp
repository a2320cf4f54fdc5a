#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/watchdog.hpp"
#include "core/relay/relay.hpp"

namespace gaia::relay {

// One request: admits it, makes attempts until one answers, passes the answer on, settles. Lives in
// the coroutine of its exchange, on one I/O thread; nothing outlives run(). Settles on every path,
// an exception included, in its destructor.
class request {
public:
    request(relay& owner,
            net::exchange& ex,
            const chat::dialect& dialect,
            std::string_view endpoint);
    request(const request&) = delete;
    request& operator=(const request&) = delete;
    ~request();

    net::awaitable<void> run();

private:
    // How an attempt ended.
    struct attempt_end {
        std::optional<failure> failed;
        bool client_left = false;
        bool retryable = false;
    };

    net::awaitable<result<void>> prepare();
    result<void> admit();
    net::awaitable<attempt_end> attempt();
    net::awaitable<attempt_end> pass_whole(const net::call_answer& answer);
    net::awaitable<attempt_end> pass_stream();
    net::awaitable<attempt_end> pass_whole_as_stream();
    net::awaitable<attempt_end> read_error(const net::call_answer& answer);
    net::awaitable<result<std::string>> read_whole(std::size_t bytes_max, std::uint64_t announced);
    net::awaitable<bool> may_retry(const attempt_end& end);
    net::awaitable<void> reply_failure(failure f);
    net::awaitable<void> fail_stream(failure f);

    attempt_end broke(failure f) const;
    void commit_stream();
    void note_answer(const net::call_answer& answer);
    void take_usage(const chat::usage& used,
                    std::int64_t output_estimate,
                    std::int64_t content_events);
    void estimate(std::int64_t output_tokens);
    // Before the last bytes go to the client: who has seen an answer's end finds it recorded,
    // whatever happens to the process next. `status` is what the client is about to see.
    void settle(int status) noexcept;
    void report() noexcept;
    void log_refusal() const;
    void write_log(const policy::usage_settle& row) const;
    void note_first_output();

    static void on_left(void* self, errc why);
    static void on_total(void* self);
    static void on_heartbeat(void* self);

    relay& owner_;
    net::exchange& ex_;
    const chat::dialect& dialect_;
    std::string_view endpoint_;
    unsigned thread_;
    std::shared_ptr<const policy::snapshot> snapshot_;
    std::shared_ptr<const relay::configuration> how_;

    const policy::key_record* key_ = nullptr;
    chat::request_view view_;
    policy::target target_;
    std::string_view body_;
    std::vector<json::edit> edits_;

    std::unique_ptr<upstream_call> call_;
    std::optional<errc> stopped_;  // the client left, the server ends, the time is up
    bool slot_taken_ = false;
    bool begun_ = false;
    std::optional<policy::usage_settle> row_;
    bool active_ = false;
    int attempts_ = 0;
    int stale_retries_ = 0;

    // For the row.
    chat::usage usage_;
    chat::usage_source source_ = chat::usage_source::none;
    std::optional<errc> error_;
    std::string finish_reason_;
    unix_micros started_wall_;
    std::chrono::steady_clock::time_point upstream_began_{};
    std::chrono::steady_clock::time_point upstream_answered_{};
    std::chrono::steady_clock::duration body_wait_{};
    std::chrono::steady_clock::duration own_after_{};
    std::optional<std::chrono::steady_clock::time_point> first_output_;

    net::deadline total_;
    net::deadline heartbeat_;
};

}  // namespace gaia::relay
