#include "core/app/echo_call.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <optional>

#include "core/net/io_thread.hpp"
#include "providers/echo/echo.hpp"

namespace gaia::app {
namespace {

using clock = std::chrono::steady_clock;
using pause_timer =
    boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, net::io_executor>;

class echo_call final : public relay::upstream_call {
public:
    echo_call(net::io_thread& thread, const policy::provider& at, gaia::request_id id)
        : pause_(thread.executor()),
          settings_{at.echo_first_delay, at.echo_pace, at.echo_words},
          id_(to_string(id)) {}

    net::awaitable<result<void>> send(std::string_view,
                                      std::span<const std::string_view> body) override {
        std::string whole;
        for (const auto piece : body) {
            whole.append(piece);
        }
        auto script =
            providers::echo_script::make(whole, settings_, id_, wall_now().value / 1'000'000);
        if (!script) {
            co_return script.error();
        }
        script_.emplace(std::move(*script));
        co_return result<void>();
    }

    net::awaitable<result<net::call_answer>> read_head() override {
        net::call_answer answer;
        answer.status = script_->status();
        answer.content_type =
            std::string(script_->content_type().substr(0, script_->content_type().find(';')));
        co_return answer;
    }

    net::awaitable<result<std::string_view>> read_some() override {
        auto step = script_->next();
        if (!step) {
            ended_ = true;
            co_return std::string_view();
        }
        if (step->delay.count() > 0) {
            pause_.expires_after(step->delay);
            net::error_code ignored;  // ignored: abort() is seen below
            co_await pause_.async_wait(net::into(ignored));
        } else if (++steps_at_once_ % steps_per_turn == 0) {
            pause_.expires_after(std::chrono::seconds(0));
            net::error_code ignored;  // ignored: a turn for the other connections of this thread
            co_await pause_.async_wait(net::into(ignored));
        }
        if (aborted_) {
            co_return fail(*aborted_);
        }
        bytes_ = std::move(step->bytes);
        co_return std::string_view(bytes_);
    }

    std::string_view read_buffered() override { return {}; }
    net::awaitable<void> finish() override { co_return; }
    void abort(errc why) noexcept override {
        aborted_ = why;
        pause_.cancel();
    }
    bool ended() const noexcept override { return ended_; }
    bool failed_stale() const noexcept override { return false; }
    bool accepted() const noexcept override { return true; }
    bool sent() const noexcept override { return true; }

private:
    static constexpr unsigned steps_per_turn = 32;

    pause_timer pause_;
    providers::echo_settings settings_;
    std::string id_;
    std::optional<providers::echo_script> script_;
    std::string bytes_;
    std::optional<errc> aborted_;
    unsigned steps_at_once_ = 0;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<relay::upstream_call> make_echo_call(net::io_thread& thread,
                                                     const policy::provider& at,
                                                     gaia::request_id id) {
    return std::make_unique<echo_call>(thread, at, id);
}

}  // namespace gaia::app
