#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// A strict reader of the chunked transfer coding (RFC 9112, section 7.1), sans-I/O. Trailers are
// read and dropped; those that would change framing, routing or authorisation are refused
// (section 6.5.1 of RFC 9110).
namespace gaia::net {

class chunk_reader {
public:
    enum class state : std::uint8_t { reading, done, bad };

    struct limits {
        std::size_t extensions = 4 * 1024;  // bytes of all extensions of one body
        std::size_t trailers = 4 * 1024;
    };

    chunk_reader() = default;
    explicit chunk_reader(limits limit) : limit_(limit) {}

    struct step {
        std::size_t consumed = 0;  // of the bytes given
        std::string_view data;     // body bytes among them; may be empty
    };
    // Takes bytes up to the end of one run of body data. Call again with the rest until consumed is
    // 0, the input is used up, or at() is no longer `reading`. Bytes after the end are not
    // consumed.
    step next(std::string_view in) noexcept;
    state at() const noexcept;

private:
    enum class place : std::uint8_t {
        size_first,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer,
        trailer_lf,
        end_lf,
        done,
        bad,
    };
    void take(char c) noexcept;
    void take_size(char c) noexcept;
    void take_trailer(char c) noexcept;

    limits limit_;
    place at_ = place::size_first;
    std::uint64_t remaining_ = 0;
    unsigned digits_ = 0;
    std::size_t extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
    std::size_t name_size_ = 0;  // of the trailer field's name, as far as it was read
    bool name_ended_ = false;
    std::array<char, 24> name_{};
};

}  // namespace gaia::net
