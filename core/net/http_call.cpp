#include "core/net/http_call.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ssl/error.hpp>
#include <cstring>

namespace gaia::net {
namespace {

constexpr std::size_t buffer_small = 4 * 1024;
constexpr std::size_t buffer_large = 64 * 1024;
constexpr std::size_t body_pieces_max = 14;
constexpr std::chrono::milliseconds finish_wait{100};

std::string lower_media_type(std::string_view value) {
    value = value.substr(0, value.find(';'));
    std::string type;
    for (const char c : value) {
        if (c != ' ') {
            type.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
        }
    }
    return type;
}

// Of a head that may be refused for another reason than its status line.
bool says_success(std::string_view head) {
    const auto digit = [head](std::size_t at) { return head[at] >= '0' && head[at] <= '9'; };
    return head.size() > 13 && head.starts_with("HTTP/1.") && head[8] == ' ' && head[9] == '2' &&
           digit(10) && digit(11) && (head[12] == ' ' || head[12] == '\r');
}

}  // namespace

http_call::http_call(upstream_pool& pool, const upstream_target& target, const call_settings& how)
    : pool_(pool),
      target_(target),
      how_(how),
      deadline_(pool.dog(), &http_call::on_deadline, this),
      address_deadline_(pool.dog(), &http_call::on_address_deadline, this) {}

http_call::~http_call() {
    if (connection_ && ended_ && keep_alive_ && !aborted_ && connection_->unread().empty() &&
        connection_->link.is_open()) {
        pool_.put(target_, std::move(connection_));
    }
}

void http_call::on_deadline(void* self) {
    static_cast<http_call*>(self)->abort(errc::upstream_timeout);
}

// The next address may answer: only this one is given up.
void http_call::on_address_deadline(void* self) {
    auto& call = *static_cast<http_call*>(self);
    if (call.connecting_) {
        error_code ignored;  // ignored: closing is all that can be done
        call.connecting_->close(ignored);
    }
}

void http_call::abort(errc why) noexcept {
    if (!aborted_) {
        aborted_ = why;
    }
    if (lookup_) {
        lookup_->cancel();
    }
    if (connecting_) {
        error_code ignored;  // ignored: closing is all that can be done
        connecting_->close(ignored);
    }
    if (connection_) {
        connection_->link.close();
    }
}

failure http_call::stopped(errc otherwise, const char* detail) const {
    return fail_detail(aborted_.value_or(otherwise), detail);
}

awaitable<result<void>> http_call::write(std::span<asio::const_buffer> buffers) {
    error_code ec;
    co_await turn(pool_.executor());
    while (!aborted_ && !buffers.empty()) {
        std::size_t taken = connection_->link.write_now(buffers, ec);
        if (!ec && taken == 0) {
            taken = co_await connection_->link.write_some(buffers, ec);
        }
        if (aborted_ || ec) {
            co_return stopped(errc::upstream_broken,
                              "the connection broke while the request was sent");
        }
        while (!buffers.empty() && taken >= buffers.front().size()) {
            taken -= buffers.front().size();
            buffers = buffers.subspan(1);
        }
        if (taken > 0) {
            buffers.front() += taken;
        }
    }
    if (aborted_) {
        co_return stopped(errc::upstream_broken, "aborted");
    }
    co_return result<void>();
}

awaitable<result<void>> http_call::send(std::string_view head,
                                        std::span<const std::string_view> body) {
    connection_ = pool_.take(target_);
    if (!connection_) {
        const auto connected = co_await connect();
        if (!connected) {
            co_return connected;
        }
    }
    deadline_.arm(how_.first_byte);
    std::array<asio::const_buffer, body_pieces_max + 1> buffers;
    std::size_t count = 0;
    buffers[count++] = asio::buffer(head);
    for (const auto piece : body) {
        if (count == buffers.size()) {
            const auto written = co_await write(std::span(buffers.data(), count));
            if (!written) {
                failed_stale_ = connection_->reused && !aborted_;
                co_return written;
            }
            count = 0;
        }
        buffers[count++] = asio::buffer(piece);
    }
    const auto written = co_await write(std::span(buffers.data(), count));
    if (!written) {
        failed_stale_ = connection_->reused && !aborted_;
    }
    sent_ = written.has_value();
    co_return written;
}

awaitable<result<bool>> http_call::fill(std::size_t wanted, std::size_t capacity_max) {
    auto& c = *connection_;
    if (c.begin == c.end) {
        c.begin = c.end = 0;
        if (c.capacity != wanted) {
            c.buffer = std::make_unique_for_overwrite<char[]>(wanted);
            c.capacity = wanted;
        }
    } else if (c.end == c.capacity && c.begin > 0) {
        std::memmove(c.buffer.get(), c.buffer.get() + c.begin, c.end - c.begin);
        c.end -= c.begin;
        c.begin = 0;
    } else if (c.end == c.capacity) {
        const auto larger = std::min(capacity_max, c.capacity * 4);
        auto grown = std::make_unique_for_overwrite<char[]>(larger);
        std::memcpy(grown.get(), c.buffer.get(), c.end);
        c.buffer = std::move(grown);
        c.capacity = larger;
    }
    error_code ec;
    const auto got =
        co_await c.link.read_some(asio::buffer(c.buffer.get() + c.end, c.capacity - c.end), ec);
    if (aborted_) {
        co_return stopped(errc::upstream_broken, "aborted");
    }
    if (ec == asio::error::eof || ec == asio::ssl::error::stream_truncated) {
        co_return false;
    }
    if (ec) {
        co_return fail_detail(errc::upstream_broken, "read: " + ec.message());
    }
    c.end += got;
    last_read_ = got;
    co_return true;
}

awaitable<result<std::string_view>> http_call::read_raw_head() {
    head_scanner scanner;
    const head_limits limit{how_.head_max, how_.head_max, 200};
    while (true) {
        const auto verdict = scanner.scan(connection_->unread(), limit);
        if (verdict == head_scanner::verdict::complete) {
            co_return connection_->unread().substr(0, scanner.size());
        }
        if (verdict == head_scanner::verdict::bad) {
            co_return fail_detail(errc::upstream_broken, "malformed or oversized head");
        }
        const auto more = co_await fill(buffer_small, how_.head_max + 1);
        if (!more) {
            failed_stale_ = connection_->reused && !answered_ && !aborted_;
            co_return more.error();
        }
        if (!*more) {
            failed_stale_ = connection_->reused && !answered_;
            co_return fail_detail(errc::upstream_broken, "closed before its answer was complete");
        }
        answered_ = true;
    }
}

awaitable<result<call_answer>> http_call::read_head() {
    const head_limits limit{how_.head_max, how_.head_max, 200};
    while (true) {
        const auto raw = co_await read_raw_head();
        if (!raw) {
            co_return raw.error();
        }
        const auto gated = gate_response(*raw, limit);
        accepted_ = says_success(*raw);
        if (!gated) {
            co_return gated.error();
        }
        if (gated->status >= 100 && gated->status < 200 && gated->status != 101) {
            connection_->begin += raw->size();
            continue;
        }
        call_answer answer;
        answer.status = gated->status;
        answer.encoded = gated->encoded;
        answer.length = gated->body == framing::length ? gated->length : 0;
        if (gated->status == 101) {
            co_return fail_detail(errc::upstream_broken, "an answer that was not asked for");
        }
        answer.content_type = lower_media_type(gated->content_type);
        answer.retry_after = gated->retry_after;
        answer.retry_after_ms = gated->retry_after_ms;
        answer.request_id = gated->request_id;
        answer.processing_ms = gated->processing_ms;
        connection_->begin += raw->size();
        framing_ = gated->body;
        remaining_ = gated->length;
        keep_alive_ = gated->keep_alive;
        ended_ = framing_ == framing::none;
        deadline_.disarm();
        co_return answer;
    }
}

std::string_view http_call::take_body(bool& bad) {
    auto& c = *connection_;
    while (!ended_ && c.begin < c.end) {
        const auto unread = c.unread();
        if (framing_ == framing::chunked) {
            const auto step = chunks_.next(unread);
            c.begin += step.consumed;
            bad = chunks_.at() == chunk_reader::state::bad;
            ended_ = chunks_.at() == chunk_reader::state::done;
            if (bad || !step.data.empty()) {
                return step.data;
            }
            continue;
        }
        const auto size =
            framing_ == framing::length
                ? static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, unread.size()))
                : unread.size();
        c.begin += size;
        if (framing_ == framing::length) {
            remaining_ -= size;
            ended_ = remaining_ == 0;
        }
        return unread.substr(0, size);
    }
    return {};
}

std::string_view http_call::read_buffered() {
    bool bad = false;
    const auto data = take_body(bad);
    return bad ? std::string_view() : data;
}

awaitable<result<std::string_view>> http_call::read_some() {
    while (true) {
        bool bad = chunks_.at() == chunk_reader::state::bad;
        const auto data = bad ? std::string_view() : take_body(bad);
        if (bad) {
            co_return fail_detail(errc::upstream_broken, "malformed chunk");
        }
        if (!data.empty() || ended_) {
            co_return data;
        }
        // A read that filled the buffer means that more was waiting: larger reads are cheaper then.
        // Small ones give the memory back, as there may be thousands of quiet streams.
        std::size_t wanted = connection_->capacity;
        if (last_read_ >= connection_->capacity) {
            wanted = buffer_large;
        } else if (last_read_ < buffer_small / 2 || wanted == 0) {
            wanted = buffer_small;
        }
        deadline_.arm(how_.idle);
        const auto more = co_await fill(wanted, buffer_large);
        deadline_.disarm();  // a slow client must not look like a silent upstream
        if (!more) {
            co_return more.error();
        }
        if (!*more) {
            if (framing_ != framing::until_close) {
                co_return fail_detail(errc::upstream_broken, "the body was cut");
            }
            ended_ = true;
            keep_alive_ = false;
        }
    }
}

awaitable<void> http_call::finish() {
    if (ended_ || aborted_ || !connection_) {
        co_return;
    }
    how_.idle = finish_wait;
    const auto rest = co_await read_some();
    if (rest && !ended_) {
        abort(
            errc::upstream_broken);  // more than a terminator: the connection is not worth keeping
    }
}

}  // namespace gaia::net
