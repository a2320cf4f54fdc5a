#include "core/net/watchdog.hpp"

#include <time.h>

namespace gaia::net {

deadline::deadline(watchdog& dog, callback fire, void* owner) noexcept
    : dog_(dog), fire_(fire), owner_(owner) {}

deadline::~deadline() {
    if (linked_) {
        dog_.unlink(*this);
    }
}

void deadline::arm(std::chrono::milliseconds after) {
    when_ = watchdog::now() + after;
    armed_ = true;
    if (!linked_) {
        dog_.link(*this);
        dog_.schedule();
    }
}

void deadline::disarm() noexcept {
    // Stays linked until the next tick: deadlines are disarmed and armed again far more often.
    armed_ = false;
}

watchdog::watchdog(io_executor executor) : timer_(executor) {}

std::chrono::steady_clock::time_point watchdog::now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                                 std::chrono::nanoseconds(now.tv_nsec));
}

void watchdog::stop() noexcept {
    stopped_ = true;
    timer_.cancel();
}

void watchdog::link(deadline& d) noexcept {
    d.previous_ = nullptr;
    d.next_ = first_;
    if (first_ != nullptr) {
        first_->previous_ = &d;
    }
    first_ = &d;
    d.linked_ = true;
}

void watchdog::unlink(deadline& d) noexcept {
    if (cursor_ == &d) {
        cursor_ = d.next_;
    }
    if (d.previous_ != nullptr) {
        d.previous_->next_ = d.next_;
    } else {
        first_ = d.next_;
    }
    if (d.next_ != nullptr) {
        d.next_->previous_ = d.previous_;
    }
    d.linked_ = false;
}

void watchdog::schedule() {
    if (scheduled_ || stopped_) {
        return;
    }
    scheduled_ = true;
    timer_.expires_after(tick);
    timer_.async_wait([this](const error_code& ec) {
        scheduled_ = false;
        if (!ec) {
            run();
        }
    });
}

void watchdog::run() {
    const auto time = now();
    for (cursor_ = first_; cursor_ != nullptr;) {
        deadline& d = *cursor_;
        cursor_ = d.next_;
        if (!d.armed_) {
            unlink(d);
        } else if (d.when_ <= time) {
            d.armed_ = false;
            unlink(d);
            d.fire_(d.owner_);  // may arm, disarm or destroy any deadline, this one included
        }
    }
    if (first_ != nullptr) {
        schedule();
    }
}

}  // namespace gaia::net
