#include "core/net/chunk_reader.hpp"

#include <algorithm>
#include <iterator>

#include "core/net/token.hpp"

namespace gaia::net {
namespace {

constexpr unsigned size_digits_max = 15;  // 2^60 bytes: no overflow is possible

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool is_text(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7F);
}

bool is_forbidden_trailer(std::string_view name) noexcept {
    constexpr std::string_view forbidden[] = {"content-length",
                                              "transfer-encoding",
                                              "host",
                                              "authorization",
                                              "x-api-key",
                                              "api-key",
                                              "cookie",
                                              "connection",
                                              "te",
                                              "trailer",
                                              "content-encoding",
                                              "content-type"};
    return std::find(std::begin(forbidden), std::end(forbidden), name) != std::end(forbidden);
}

}  // namespace

chunk_reader::state chunk_reader::at() const noexcept {
    if (at_ == place::done) {
        return state::done;
    }
    return at_ == place::bad ? state::bad : state::reading;
}

chunk_reader::step chunk_reader::next(std::string_view in) noexcept {
    step result;
    while (result.consumed < in.size() && at_ != place::done && at_ != place::bad) {
        if (at_ == place::data) {
            const auto run = std::min<std::uint64_t>(remaining_, in.size() - result.consumed);
            result.data = in.substr(result.consumed, run);
            result.consumed += run;
            remaining_ -= run;
            if (remaining_ == 0) {
                at_ = place::data_cr;
            }
            return result;
        }
        take(in[result.consumed]);
        ++result.consumed;
    }
    return result;
}

void chunk_reader::take_size(char c) noexcept {
    const int digit = hex_value(c);
    if (digit >= 0) {
        at_ = ++digits_ > size_digits_max ? place::bad : place::size;
        remaining_ = remaining_ << 4 | static_cast<unsigned>(digit);
    } else if (digits_ > 0 && c == '\r') {
        at_ = place::size_lf;
    } else if (digits_ > 0 && c == ';') {
        at_ = place::extension;
    } else {
        at_ = place::bad;
    }
}

void chunk_reader::take_trailer(char c) noexcept {
    if (at_ == place::trailer_start) {
        name_size_ = 0;
        name_ended_ = false;
        if (c == '\r') {
            at_ = place::end_lf;
            return;
        }
    }
    at_ = place::trailer;
    if (c == '\r' && name_ended_) {
        at_ = place::trailer_lf;
        return;
    }
    if (!is_text(c) || ++trailer_bytes_ > limit_.trailers) {
        at_ = place::bad;
    } else if (!name_ended_ && c == ':') {
        name_ended_ = true;
        const std::string_view name(name_.data(), std::min(name_size_, name_.size()));
        if (name.empty() || is_forbidden_trailer(name)) {
            at_ = place::bad;
        }
    } else if (!name_ended_) {
        if (!is_token_character(c)) {
            at_ = place::bad;  // folding or a space before the colon, among others
        } else if (name_size_ < name_.size()) {
            name_[name_size_] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
        ++name_size_;
    }
}

void chunk_reader::take(char c) noexcept {
    switch (at_) {
        case place::size_first:
        case place::size:
            take_size(c);
            break;
        case place::extension:
            if (c == '\r') {
                at_ = place::size_lf;
            } else if (!is_text(c) || ++extension_bytes_ > limit_.extensions) {
                at_ = place::bad;
            }
            break;
        case place::size_lf:
            digits_ = 0;
            if (c != '\n') {
                at_ = place::bad;
            } else {
                at_ = remaining_ == 0 ? place::trailer_start : place::data;
            }
            break;
        case place::data_cr:
            at_ = c == '\r' ? place::data_lf : place::bad;
            break;
        case place::data_lf:
            at_ = c == '\n' ? place::size_first : place::bad;
            break;
        case place::trailer_start:
        case place::trailer:
            take_trailer(c);
            break;
        case place::trailer_lf:
            at_ = c == '\n' ? place::trailer_start : place::bad;
            break;
        case place::end_lf:
            at_ = c == '\n' ? place::done : place::bad;
            break;
        case place::data:
        case place::done:
        case place::bad:
            break;
    }
}

}  // namespace gaia::net
