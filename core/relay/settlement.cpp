#include "core/relay/settlement.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/base/log.hpp"
#include "core/policy/pricing.hpp"
#include "core/relay/request.hpp"

namespace gaia::relay {
namespace {

using clock = std::chrono::steady_clock;

std::int64_t micros(clock::duration d) {
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
        !(value >= 0 && value < 1e9)) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_retry_after(const net::call_answer& answer) {
    if (const auto ms = parse_number(answer.retry_after_ms)) {
        return std::chrono::milliseconds(static_cast<std::int64_t>(*ms));
    }
    if (const auto seconds = parse_number(answer.retry_after)) {
        return std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000));
    }
    return std::nullopt;
}

bool is_error_of_upstream(const failure& f) noexcept {
    return f.what != errc::upstream_broken && f.what != errc::stream_interrupted &&
           f.what != errc::upstream_timeout;
}

void request::note_first_output() {
    first_output_ = clock::now();
}

// Reported numbers where there are any; what is missing of them is estimated from what was
// received.
void request::take_usage(const chat::usage& used,
                         std::int64_t output_estimate,
                         std::int64_t content_events) {
    usage_ = used;
    if (used.known()) {
        source_ = chat::usage_source::reported;
        return;
    }
    // An event is about a token, unless the provider sends longer pieces.
    constexpr std::int64_t tokens_of_a_long_event = 4;
    const bool token_events =
        content_events > 0 && output_estimate <= content_events * tokens_of_a_long_event;
    estimate(token_events ? content_events : output_estimate);
}

void request::estimate(std::int64_t output_tokens) {
    usage_.prompt = view_.prompt_tokens_estimate;
    usage_.completion = output_tokens;
    source_ = chat::usage_source::estimated;
}

void request::settle(int status) noexcept {
    if (!begun_ || row_) {
        return;
    }
    const auto now = clock::now();
    // Left before the upstream's answer: the question was sent, and is charged as such.
    const bool sent = upstream_began_ != clock::time_point();
    if (source_ == chat::usage_source::none && error_ == errc::client_closed && sent) {
        estimate(0);
    }
    auto& row = row_.emplace();
    row.id = ex_.id();
    row.started = started_wall_;
    row.key = key_->id;
    row.organization = key_->organization;
    row.model_asked = view_.model;
    row.model_served = target_.model;
    row.provider = target_.at->name;
    row.usage = usage_;
    row.source = source_;
    const auto* card =
        target_.facts != nullptr && target_.facts->card ? &*target_.facts->card : nullptr;
    if (target_.at->builtin_echo || source_ == chat::usage_source::none) {
        row.cost = nanos{0};
    } else {
        row.cost = policy::cost_of(usage_, card);
    }
    row.status = error_ == errc::client_closed && !ex_.head_sent()
                     ? info(errc::client_closed).status
                     : status;
    row.error = error_;
    if (row.status == 0) {  // an exception ended the request before its answer
        row.error = errc::internal;
        row.status = info(errc::internal).status;
    }
    row.finish_reason = finish_reason_;
    row.stream = view_.stream;
    row.total_us = micros(now - ex_.started());
    if (first_output_) {
        row.first_token_us = micros(*first_output_ - ex_.started());
    }
    const auto before = sent ? upstream_began_ : now;
    row.overhead_us =
        std::max<std::int64_t>(0, micros(before - ex_.started() - body_wait_ + own_after_));
    row.attempts = attempts_;
    owner_.around_.ledger.settle(row);
}

void request::report() noexcept {
    try {
        if (!row_) {
            log_refusal();
            return;
        }
        write_log(*row_);
        if (owner_.around_.finished) {
            owner_.around_.finished({thread_, *row_, ex_.path(), ex_.method()});
        }
    } catch (const std::exception& problem) {
        log::error("reporting a request failed", {{"problem", problem.what()}});
    }
}

// Before it was admitted: there is no row, but there is a line.
void request::log_refusal() const {
    constexpr unsigned lines_per_second = 10;
    if (!error_ || !log::within_rate(static_cast<unsigned>(*error_), lines_per_second)) {
        return;
    }
    log::info("request",
              {{"request_id", ex_.request_id()},
               {"key", key_ != nullptr ? to_string(key_->id) : std::string()},
               {"model", view_.model},
               {"status", ex_.status()},
               {"error", info(*error_).metric},
               {"client", ex_.client_address()}});
}

void request::write_log(const policy::usage_settle& row) const {
    if (!log::enabled(log::level::info)) {
        return;
    }
    log::info("request",
              {{"request_id", ex_.request_id()},
               {"key", to_string(row.key)},
               {"model", row.model_asked},
               {"provider", row.provider},
               {"served", row.model_served},
               {"status", row.status},
               {"error", row.error ? info(*row.error).metric : std::string_view()},
               {"stream", row.stream},
               {"prompt_tokens", row.usage.prompt},
               {"completion_tokens", row.usage.completion},
               {"cost_nanos", row.cost ? std::optional(row.cost->value) : std::nullopt},
               {"total_us", row.total_us},
               {"first_us", row.first_token_us},
               {"overhead_us", row.overhead_us},
               {"attempts", row.attempts}});
}

}  // namespace gaia::relay
