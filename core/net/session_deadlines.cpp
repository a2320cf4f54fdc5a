#include "core/net/session.hpp"

// The deadlines of a connection, and how the client's leaving is noticed while the upstream is
// silent.
namespace gaia::net {
namespace {

constexpr std::chrono::milliseconds watch_period{50};

}  // namespace

void session::enter(phase p, std::chrono::milliseconds deadline_after) {
    phase_ = p;
    timed_out_ = false;
    deadline_.arm(deadline_after);
}

void session::on_deadline(void* self) {
    auto& s = *static_cast<session*>(self);
    if (s.phase_ == phase::body) {
        s.on_body_deadline();
        return;
    }
    s.timed_out_ = true;
    error_code ignored;  // ignored: the pending operation reports what it sees
    s.link_.socket().cancel(ignored);
}

// After ten seconds a body must keep a rate of 1 KiB/s, and it may not take longer than its limit.
void session::on_body_deadline() {
    constexpr std::chrono::seconds window{10};
    constexpr std::uint64_t window_bytes_min = 10 * 1024;
    const auto total = rules_->how.timeouts.request_body;
    const auto elapsed = watchdog::now() - body_began_;
    const bool slow = body_window_ < window_bytes_min && elapsed >= window;
    if (elapsed >= total || slow) {
        timed_out_ = true;
        error_code ignored;  // ignored: the pending operation reports what it sees
        link_.socket().cancel(ignored);
        return;
    }
    body_window_ = 0;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(total - elapsed);
    deadline_.arm(std::min<std::chrono::milliseconds>(window, left));
}

void session::on_watch(void* self) {
    auto& s = *static_cast<session*>(self);
    if (!s.watching_) {
        return;
    }
    if (!s.data_waiting_) {
        s.wait_for_leaving();
    } else if (s.link_.peer_has_closed()) {
        s.leave(errc::client_closed);
    } else {
        s.watch_.arm(watch_period);
    }
}

// A fast answer never gets here: waiting costs a system call, so it begins with the first tick.
void session::wait_for_leaving() {
    if (wait_pending_ || !link_.is_open()) {
        return;
    }
    wait_pending_ = true;
    link_.wait_readable([self = shared_from_this()](const error_code& ec) {
        self->wait_pending_ = false;
        if (!ec && self->watching_) {
            self->note_readable();
        }
    });
}

void session::note_readable() {
    switch (link_.peek()) {
        case transport::peek_result::gone:
            leave(errc::client_closed);
            break;
        case transport::peek_result::data:  // a pipelined request, or TLS: a FIN may stand behind
                                            // it
            data_waiting_ = true;
            watch_.arm(watch_period);
            break;
        case transport::peek_result::nothing:
            watch_.arm(watch_period);
            break;
    }
}

void session::leave(errc why) {
    if (why == errc::client_closed) {
        left_ = true;
    }
    if (watching_ && left_callback_ != nullptr) {
        watching_ = false;
        left_callback_(left_owner_, why);
    }
    if (why == errc::draining &&
        (phase_ != phase::busy || left_callback_ == nullptr || aside_writing_)) {
        link_.close();  // reading a body, or writing to somebody who does not read
    }
}

}  // namespace gaia::net
