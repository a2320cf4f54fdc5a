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
using pause_timer = boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, net::io_executor>;

constexpr std::size_t error_body_max = 64 * 1024;
constexpr std::uint64_t whole_trusted = 256 * 1024;  // memory follows what has arrived beyond this

}  // namespace

request::request(relay& owner, net::exchange& ex, const chat::dialect& dialect, std::string_view endpoint)
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
    settle();
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

void request::on_total(void* self) { on_left(self, errc::upstream_timeout); }

void request::on_heartbeat(void* self) {
    auto& r = *static_cast<request*>(self);
    r.ex_.write_aside(r.dialect_.heartbeat());
    r.heartbeat_.arm(r.how_->how.heartbeat);
}

// ---------------------------------------------------------------- before the first attempt

net::awaitable<result<void>> request::prepare() {
    const auto key = policy::authenticate(*snapshot_, policy::presented_credentials::of(ex_), started_wall_);
    if (!key) {
        co_return key.error();
    }
    key_ = *key;
    if (const auto allowed = policy::require(*key_, policy::permission_write | policy::permission_admin); !allowed) {
        co_return allowed.error();
    }
    if (const auto coding = ex_.header("content-encoding"); !coding.empty() && coding != "identity") {
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
            failure busy = fail(errc::rate_limited, "Too many streams of this API key are open at once.");
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
    if (attempts_ > target_.at->retries) {
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
    // A broken connection is tried again only when the request cannot have reached anybody; what the
    // upstream may have begun is not sent twice.
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
    const auto head = compose_upstream_head(at, endpoint_, ex_, view_.stream, json::spliced_size(body_, edits_));
    upstream_began_ = clock::now();
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
        co_return broke(fail_detail(errc::upstream_broken, "compressed although identity was asked for"));
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
        co_return broke(fail_detail(errc::upstream_broken, "events although a whole answer was asked for"));
    }
    co_return co_await pass_whole(*answer);
}

void request::note_answer(const net::call_answer& answer) {
    if (!answer.processing_ms.empty()) {
        ex_.set_header("openai-processing-ms", answer.processing_ms);
    }
}

net::awaitable<result<std::string>> request::read_whole(std::size_t bytes_max, std::uint64_t announced) {
    std::string whole;
    whole.reserve(std::min<std::uint64_t>(announced, whole_trusted));
    while (true) {
        const auto piece = co_await call_->read_some();
        if (!piece) {
            co_return piece.error();
        }
        if (piece->empty()) {
            co_return whole;
        }
        if (whole.size() + piece->size() > bytes_max) {
            co_return fail_detail(errc::upstream_broken, "the answer is larger than the limit");
        }
        whole.append(*piece);
    }
}

net::awaitable<request::attempt_end> request::read_error(const net::call_answer& answer) {
    std::optional<std::chrono::milliseconds> retry_after = parse_retry_after(answer);
    auto body = co_await read_whole(error_body_max, answer.length);
    if (!body && stopped_) {
        co_return broke(body.error());
    }
    attempt_end end;
    end.failed = dialect_.upstream_error(
        answer.status, answer.content_type, body ? std::string_view(*body) : std::string_view(), retry_after);
    const auto what = end.failed->what;
    end.retryable = what == errc::upstream_overloaded || what == errc::upstream_failed;
    co_return end;
}

net::awaitable<request::attempt_end> request::pass_whole(const net::call_answer& head) {
    auto body = co_await read_whole(how_->how.upstream_body, head.length);
    if (!body) {
        estimate(0);
        co_return broke(body.error());
    }
    const auto received = clock::now();
    const auto answer = dialect_.inspect_answer(*body, how_->how.request.json);
    if (!answer) {
        attempt_end end = broke(answer.error());
        if (!is_error_of_upstream(answer.error())) {
            estimate(0);
        }
        co_return end;
    }
    finish_reason_ = answer->finish_reason;
    take_usage(answer->usage, answer->output_tokens_estimate, 0);
    note_first_output();
    if (!answer->edits.empty()) {
        std::string edited;
        for (const auto piece : json::splice(*body, answer->edits)) {
            edited.append(piece);
        }
        *body = std::move(edited);
    }
    ex_.unwatch();
    co_await ex_.reply(200, "application/json", *body);
    own_after_ = clock::now() - received;
    attempt_end end;
    end.client_left = ex_.has_left();
    co_return end;
}

net::awaitable<request::attempt_end> request::pass_whole_as_stream() {
    auto body = co_await read_whole(how_->how.upstream_body, 0);
    if (!body) {
        estimate(0);
        co_return broke(body.error());
    }
    const auto answer = dialect_.inspect_answer(*body, how_->how.request.json);
    auto events = answer ? dialect_.answer_as_stream(*body, view_) : result<std::string>(answer.error());
    if (!events) {
        if (!is_error_of_upstream(events.error())) {
            estimate(0);
        }
        co_return broke(events.error());
    }
    finish_reason_ = answer->finish_reason;
    take_usage(answer->usage, answer->output_tokens_estimate, 0);
    note_first_output();
    commit_stream();
    attempt_end end;
    end.client_left = !co_await ex_.write(*events) || !co_await ex_.end_stream();
    co_return end;
}

void request::commit_stream() {
    ex_.set_header("x-gaiarouter-provider", target_.at->name);
    ex_.begin_stream(200, "text/event-stream; charset=utf-8");
    // A retry is no longer possible, so neither is a use for the question.
    body_ = {};
    edits_.clear();
    edits_.shrink_to_fit();
    ex_.release_body();
    heartbeat_.arm(how_->how.heartbeat);
}

net::awaitable<request::attempt_end> request::pass_stream() {
    const auto tap = dialect_.tap(view_, how_->how.upstream_event);
    std::string out;
    attempt_end end;
    bool committed = false;
    while (tap->state() == chat::tap_state::waiting || tap->state() == chat::tap_state::streaming) {
        const auto piece = co_await call_->read_some();
        if (!piece) {
            end = broke(piece.error());
            break;
        }
        const auto received = clock::now();
        if (piece->empty()) {
            tap->end(out);
        } else {
            tap->feed(*piece, out);
            for (auto more = call_->read_buffered(); !more.empty(); more = call_->read_buffered()) {
                tap->feed(more, out);
            }
        }
        if (!committed && !out.empty() && tap->state() != chat::tap_state::waiting &&
            (tap->state() != chat::tap_state::failed || tap->content_events() > 0)) {
            committed = true;
            own_after_ = clock::now() - received;
            note_first_output();
            commit_stream();
        }
        if (committed && !out.empty()) {
            heartbeat_.arm(how_->how.heartbeat);
            if (!co_await ex_.write(out)) {
                end.client_left = true;
                break;
            }
            out.clear();
            if (out.capacity() > 4096) {
                out.shrink_to_fit();
            }
        }
    }
    heartbeat_.disarm();
    finish_reason_ = tap->finish_reason();
    if (tap->state() == chat::tap_state::failed) {
        end.failed = tap->error();
        const auto what = end.failed->what;
        end.retryable = !committed && (what == errc::upstream_overloaded || what == errc::upstream_failed);
    }
    if (end.client_left && !ex_.has_left() && !end.failed) {
        stopped_ = errc::client_closed;
    }
    const bool nothing_done = end.failed && !committed && is_error_of_upstream(*end.failed);
    if (!nothing_done) {
        take_usage(tap->usage(), tap->output_tokens_estimate(), tap->content_events());
    }
    if (end.client_left || end.failed) {
        call_->abort(errc::client_closed);
        co_return end;
    }
    end.client_left = !co_await ex_.end_stream();
    ex_.unwatch();  // the client has everything; it may go
    co_await call_->finish();
    co_return end;
}

// ---------------------------------------------------------------- failures

net::awaitable<void> request::reply_failure(failure f) {
    if (stopped_ && *stopped_ != errc::client_closed) {
        f = fail(*stopped_);
    }
    error_ = f.what;
    if (log::enabled(log::level::debug) && !f.detail.empty()) {
        log::debug("upstream failure", {{"request_id", ex_.request_id()}, {"provider", target_.at->name}, {"detail", f.detail}});
    }
    if (ex_.head_sent()) {
        co_await fail_stream(std::move(f));
        co_return;
    }
    if (attempts_ > 1 && f.http_status() >= 500) {
        f.should_retry = false;  // the gateway has tried already
    }
    if ((f.what == errc::upstream_overloaded || f.what == errc::draining) && !f.retry_after) {
        f.retry_after = std::chrono::seconds(1);
    }
    ex_.unwatch();
    co_await ex_.reply_error(f);
}

net::awaitable<void> request::fail_stream(failure f) {
    if (f.what == errc::upstream_broken) {
        f.what = errc::stream_interrupted;
    }
    error_ = f.what;
    const bool written = co_await ex_.write(dialect_.render_stream_error(f, ex_.request_id()));
    if (written) {
        co_await ex_.end_stream();
    }
}

}  // namespace gaia::relay
