#pragma once
// The client side of one answer: takes bytes as they come and says when the answer is complete, how
// many events it brought, and whether each came once and in order.

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "net.hpp"

namespace bench {

class response {
public:
    enum class state { head, whole, chunk_size, chunk_data, done, failed };

    void reset() { *this = response{}; }
    state at() const { return state_; }
    bool ok() const { return state_ == state::done && status_ == 200 && (!streamed_ || saw_done_); }
    int status() const { return status_; }
    std::uint64_t events() const { return events_; }

    // on_event(sent_ns) for each content event.
    template <class OnEvent>
    void take(std::string_view data, OnEvent&& on_event) {
        while (!data.empty() && state_ != state::done && state_ != state::failed) {
            switch (state_) {
                case state::head:
                    data = take_head(data);
                    break;
                case state::whole:
                    data = take_whole(data);
                    break;
                case state::chunk_size:
                    data = take_chunk_size(data);
                    break;
                case state::chunk_data:
                    data = take_chunk(data, on_event);
                    break;
                case state::done:
                case state::failed:
                    break;
            }
        }
        if (!data.empty() && state_ == state::done) {
            state_ = state::failed;  // nothing was asked for that could still come
        }
    }

private:
    std::string_view take_head(std::string_view data) {
        const auto before = text_.size();
        text_.append(data);
        const auto end = text_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
        if (end == std::string::npos) {
            state_ = text_.size() > 65536 ? state::failed : state_;
            return {};
        }
        const auto used = end + 4 - before;
        std::string head = text_.substr(0, end + 2);
        std::transform(head.begin(), head.end(), head.begin(), [](char ch) {
            return ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch + 32) : ch;
        });
        status_ = static_cast<int>(number_after(head, "http/1.1 ", 0));
        text_.clear();
        if (head.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos) {
            state_ = state::chunk_size;
        } else {
            left_ = number_after(head, "\r\ncontent-length: ", 0);
            state_ = left_ == 0 ? state::done : state::whole;
        }
        streamed_ = head.find("\r\ncontent-type: text/event-stream") != std::string::npos;
        return data.substr(used);
    }

    std::string_view take_whole(std::string_view data) {
        const auto n = std::min<std::uint64_t>(left_, data.size());
        left_ -= n;
        if (left_ == 0) {
            state_ = state::done;
        }
        return data.substr(n);
    }

    std::string_view take_chunk_size(std::string_view data) {
        const auto end = data.find('\n');
        text_.append(data.substr(0, end));
        if (end == std::string_view::npos) {
            state_ = text_.size() > 64 ? state::failed : state_;
            return {};
        }
        data = data.substr(end + 1);
        if (text_ == "\r" || text_.empty()) {  // the line end of the chunk before, or of the body
            if (last_chunk_) {
                state_ = state::done;
            }
            text_.clear();
            return data;
        }
        left_ = std::strtoull(text_.c_str(), nullptr, 16);
        text_.clear();
        last_chunk_ = left_ == 0;
        state_ = last_chunk_ ? state::chunk_size : state::chunk_data;
        return data;
    }

    template <class OnEvent>
    std::string_view take_chunk(std::string_view data, OnEvent&& on_event) {
        const auto n = std::min<std::uint64_t>(left_, data.size());
        left_ -= n;
        if (left_ == 0) {
            state_ = state::chunk_size;
        }
        take_body(data.substr(0, n), on_event);
        return data.substr(n);
    }

    // Events may be cut anywhere; a whole one is looked at in place.
    template <class OnEvent>
    void take_body(std::string_view data, OnEvent&& on_event) {
        if (!rest_.empty()) {
            rest_.append(data);
            data = rest_;
        }
        std::size_t from = 0;
        for (;;) {
            const auto end = data.find("\n\n", from);
            if (end == std::string_view::npos) {
                break;
            }
            take_event(data.substr(from, end - from), on_event);
            from = end + 2;
        }
        std::string left{data.substr(from)};
        rest_.swap(left);
    }

    template <class OnEvent>
    void take_event(std::string_view event, OnEvent&& on_event) {
        const auto at = event.find(R"("content":"n=)");
        if (at != std::string_view::npos) {
            const auto words = event.substr(at);
            if (number_after(words, "n=", ~0ULL) != events_ || saw_done_) {
                state_ = state::failed;  // lost, repeated or out of order
            }
            ++events_;
            on_event(number_after(words, " t=", 0));
        } else if (event == "data: [DONE]") {
            saw_done_ = true;
        } else if (event.find(R"("error")") != std::string_view::npos) {
            state_ = state::failed;
        }
    }

    state state_ = state::head;
    int status_ = 0;
    bool streamed_ = false;
    bool last_chunk_ = false;
    bool saw_done_ = false;
    std::uint64_t left_ = 0;
    std::uint64_t events_ = 0;
    std::string text_;
    std::string rest_;
};

}  // namespace bench
