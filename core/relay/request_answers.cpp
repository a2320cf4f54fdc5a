#include <algorithm>

#include "core/relay/request.hpp"
#include "core/relay/settlement.hpp"

// What one attempt's answer becomes for the client.
namespace gaia::relay {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t error_body_max = 64 * 1024;
constexpr std::uint64_t whole_trusted = 256 * 1024;  // memory follows what has arrived beyond this

}  // namespace

net::awaitable<result<std::string>> request::read_whole(std::size_t bytes_max,
                                                        std::uint64_t announced) {
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
    end.failed = dialect_.upstream_error(answer.status,
                                         answer.content_type,
                                         body ? std::string_view(*body) : std::string_view(),
                                         retry_after);
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
    own_after_ = clock::now() - received;
    settle(200);
    co_await ex_.reply(200, "application/json", *body);
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
    auto events =
        answer ? dialect_.answer_as_stream(*body, view_) : result<std::string>(answer.error());
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
    settle(200);
    end.client_left = !co_await ex_.end_stream(*events);
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
        const auto state = tap->state();
        if (!committed && !out.empty() && state != chat::tap_state::waiting &&
            (state != chat::tap_state::failed || tap->content_events() > 0)) {
            committed = true;
            own_after_ = clock::now() - received;
            note_first_output();
            commit_stream();
        }
        if (state == chat::tap_state::finished) {
            break;  // what is left in `out` goes with the end
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
        end.retryable =
            !committed && (what == errc::upstream_overloaded || what == errc::upstream_failed);
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
    settle(200);
    end.client_left = !co_await ex_.end_stream(out);
    ex_.unwatch();  // the client has everything; it may go
    co_await call_->finish();
    co_return end;
}

}  // namespace gaia::relay
