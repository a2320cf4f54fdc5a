#include "core/relay/request.hpp"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>

#include "core/base/log.hpp"
#include "core/net/io_thread.hpp"
#include "core/policy/authenticate.hpp"
#include "core/relay/settlement.hpp"

namespace gaia::relay {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds retry_pause{100};
using pause_timer =
    boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, net::io_executor>;

}  // namespace

request::request(relay& owner,
                 net::exchange& ex,
                 const chat::dialect& dialect,
                 std::string_view endpoint)
    : owner_(owner),
      ex_(ex),
      dialect_(dialect),
      endpoint_(endpoint),
      thread_(ex.thread().index()),
      snapshot_(owner.snapshot_of(thread_)),
      how_(owner.configuration_of(thread_)),
      started_wall_(wall_now()),
      total_(ex.thread().dog(), &request::on_total, this),
      heartbeat_(ex.thread().dog(), &request::on_heartbeat, this) {}

request::~request() {
    ex_.unwatch();
    settle(ex_.status());
    report();
    if (slot_taken_) {
        owner_.slots_.give_back(key_->id);
    }
    if (active_) {
        owner_.active_requests_.fetch_sub(1, std::memory_order_relaxed);
        if (view_.stream) {
            owner_.active_streams_.fetch_sub(1, std::memory_order_relaxed);
        }
    }
}

void request::on_left(void* self, errc why) {
    auto& r = *static_cast<request*>(self);
    if (!r.stopped_) {
        r.stopped_ = why;
    }
    if (r.call_) {
        r.call_->abort(why);
    }
}

void request::on_total(void* self) {
    on_left(self, errc::upstream_timeout);
}

void request::on_heartbeat(void* self) {
    auto& r = *static_cast<request*>(self);
    r.ex_.write_aside(r.dialect_.heartbeat());
    r.heartbeat_.arm(r.how_->how.heartbeat);
}

// ---------------------------------------------------------------- before the first attempt

net::awaitable<result<void>> request::prepare() {
    const auto key =
        policy::authenticate(*snapshot_, policy::presented_credentials::of(ex_), started_wall_);
    if (!key) {
        co_return key.error();
    }
    key_ = *key;
    if (const auto allowed =
            policy::require(*key_, policy::permission_write | policy::permission_admin);
        !allowed) {
        co_return allowed.error();
    }
    if (const auto coding = ex_.header("content-encoding");
        !coding.empty() && coding != "identity") {
        co_return fail(errc::unsupported_media_type);
    }
    const auto reading = clock::now();
    const auto body = co_await ex_.read_body(how_->request_body_max);
    body_wait_ = clock::now() - reading;
    if (!body) {
        co_return body.error();
    }
    body_ = *body;
    auto view = dialect_.inspect(body_, how_->how.request);
    if (!view) {
        co_return view.error();
    }
    view_ = std::move(*view);
    auto target = snapshot_->resolve(view_.model);
    if (!target) {
        co_return target.error();
    }
    target_ = std::move(*target);
    co_return admit();
}

result<void> request::admit() {
    const auto& how = how_->how;
    if (view_.stream && (key_->permissions & policy::permission_admin) == 0) {
        if (!owner_.slots_.take(key_->id, how.streams_per_key)) {
            failure busy =
                fail(errc::rate_limited, "Too many streams of this API key are open at once.");
            busy.retry_after = std::chrono::seconds(1);
            return busy;
        }
        slot_taken_ = true;
    }
    policy::usage_begin begin;
    begin.id = ex_.id();
    begin.key = key_->id;
    begin.organization = key_->organization;
    begin.started = started_wall_;
    begin.model_asked = view_.model;
    begin.provider = target_.at->name;
    begin.model_served = target_.model;
    begin.stream = view_.stream;
    begin.prompt_tokens_estimate = view_.prompt_tokens_estimate;
    if (!owner_.around_.ledger.begin(begin)) {
        failure full = fail(errc::usage_backlog);
        full.retry_after = std::chrono::seconds(1);
        return full;
    }
    begun_ = true;
    active_ = true;
    owner_.active_requests_.fetch_add(1, std::memory_order_relaxed);
    if (view_.stream) {
        owner_.active_streams_.fetch_add(1, std::memory_order_relaxed);
    }
    return {};
}

net::awaitable<void> request::run() {
    auto ready = co_await prepare();
    if (!ready) {
        error_ = ready.error().what;
        if (error_ != errc::client_closed) {
            co_await ex_.reply_error(ready.error());
        }
        co_return;
    }
    edits_ = dialect_.upstream_edits(body_, view_, target_.model, target_.at->quirks);
    ex_.watch(&request::on_left, this);
    total_.arm(target_.at->timeouts.request);
    while (true) {
        auto end = co_await attempt();
        call_.reset();
        if (stopped_ == errc::client_closed || end.client_left) {
            error_ = errc::client_closed;
            break;
        }
        if (!end.failed) {
            break;
        }
        if (owner_.around_.upstream_error && stopped_ != errc::draining) {
            owner_.around_.upstream_error(thread_, target_.at->name, end.failed->what);
        }
        if (co_await may_retry(end)) {
            continue;
        }
        co_await reply_failure(std::move(*end.failed));
        break;
    }
    heartbeat_.disarm();
    total_.disarm();
    ex_.unwatch();
}

net::awaitable<bool> request::may_retry(const attempt_end& end) {
    if (ex_.head_sent() || stopped_ || !end.retryable) {
        co_return false;
    }
    if (end.failed->what == errc::upstream_broken) {  // a stale connection: nothing to wait for
        co_return stale_retries_++ == 0;
    }
    if (attempts_ - stale_retries_ > target_.at->retries) {
        co_return false;
    }
    pause_timer pause(ex_.thread().executor());
    pause.expires_after(retry_pause);
    net::error_code ignored;  // ignored: nobody cancels this
    co_await pause.async_wait(net::into(ignored));
    co_return !stopped_;
}

// ---------------------------------------------------------------- one attempt

request::attempt_end request::broke(failure f) const {
    attempt_end end;
    // A broken connection is tried again only when the request cannot have reached anybody; what
    // the upstream may have begun is not sent twice.
    end.retryable = f.what == errc::upstream_unreachable || call_->failed_stale();
    if (call_->failed_stale()) {
        f.what = errc::upstream_broken;
    }
    end.failed = std::move(f);
    return end;
}

net::awaitable<request::attempt_end> request::attempt() {
    ++attempts_;
    usage_ = {};
    source_ = chat::usage_source::none;
    const auto& at = *target_.at;
    call_ = at.builtin_echo ? owner_.around_.make_builtin(ex_.thread(), at, ex_.id())
                            : make_http_call(ex_.thread(), at);
    const auto pieces = json::splice(body_, edits_);
    const auto head =
        compose_upstream_head(at, endpoint_, ex_, view_.stream, json::spliced_size(body_, edits_));
    if (attempts_ == 1) {
        upstream_began_ = clock::now();
    }
    const auto sent = co_await call_->send(head, pieces);
    if (!sent) {
        co_return broke(sent.error());
    }
    const auto answer = co_await call_->read_head();
    upstream_answered_ = clock::now();
    if (!answer) {
        if (call_->accepted() || answer.error().what == errc::upstream_timeout) {
            estimate(0);
        }
        co_return broke(answer.error());
    }
    note_answer(*answer);
    if (answer->encoded) {
        co_return broke(
            fail_detail(errc::upstream_broken, "compressed although identity was asked for"));
    }
    if (answer->status < 200 || answer->status > 299) {
        co_return co_await read_error(*answer);
    }
    const bool events = answer->content_type == "text/event-stream";
    if (view_.stream && (events || answer->content_type != "application/json")) {
        co_return co_await pass_stream();
    }
    if (view_.stream) {
        co_return co_await pass_whole_as_stream();
    }
    if (events) {
        estimate(0);
        co_return broke(
            fail_detail(errc::upstream_broken, "events although a whole answer was asked for"));
    }
    co_return co_await pass_whole(*answer);
}

void request::note_answer(const net::call_answer& answer) {
    if (!answer.processing_ms.empty()) {
        ex_.set_header("openai-processing-ms", answer.processing_ms);
    }
}

// ---------------------------------------------------------------- failures

net::awaitable<void> request::reply_failure(failure f) {
    if (stopped_ && *stopped_ != errc::client_closed) {
        f = fail(*stopped_);
    }
    error_ = f.what;
    if (log::enabled(log::level::debug) && !f.detail.empty()) {
        log::debug("upstream failure",
                   {{"request_id", ex_.request_id()},
                    {"provider", target_.at->name},
                    {"detail", f.detail}});
    }
    if (ex_.head_sent()) {
        co_await fail_stream(std::move(f));
        co_return;
    }
    if ((attempts_ - stale_retries_ > 1 && f.http_status() >= 500) ||
        f.what == errc::upstream_credentials) {
        f.should_retry = false;  // the gateway has tried already
    }
    if ((f.what == errc::upstream_overloaded || f.what == errc::draining) && !f.retry_after) {
        f.retry_after = std::chrono::seconds(1);
    }
    ex_.unwatch();
    settle(f.http_status());
    co_await ex_.reply_error(f);
}

net::awaitable<void> request::fail_stream(failure f) {
    if (f.what == errc::upstream_broken) {
        f.what = errc::stream_interrupted;
    }
    error_ = f.what;
    settle(ex_.status());
    const auto event = dialect_.render_stream_error(f, ex_.request_id());
    co_await ex_.end_stream(event);
}

}  // namespace gaia::relay
