#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Writes JSON text by appending to a string: members stand in the order in which they are written,
// numbers in the spelling they are given. One line always, so that a value fits an SSE data field.
namespace gaia::json {

// Appends `raw`, a validated value, without white space between its tokens; key order and the
// spelling of numbers and strings stay.
void append_compact(std::string& out, std::string_view raw);
std::string compact(std::string_view raw);

// A cursor over the end of `out`, which must outlive it. Begins and ends must be balanced and a key
// must stand before each value in an object (asserted at balanced() only; this is our own output).
class writer {
public:
    explicit writer(std::string& out) noexcept : out_(&out) {}

    writer& begin_object();
    writer& end_object();
    writer& begin_array();
    writer& end_array();
    writer& key(std::string_view name);

    writer& text(std::string_view value);  // quoted and escaped; ill-formed UTF-8 is replaced
    writer& integer(std::int64_t value);
    writer& boolean(bool value);
    writer& null();
    writer& raw(std::string_view value);  // a validated value, or a number as it was spelled

    // key + value.
    writer& text(std::string_view name, std::string_view value) { return key(name).text(value); }
    writer& integer(std::string_view name, std::int64_t value) { return key(name).integer(value); }
    writer& boolean(std::string_view name, bool value) { return key(name).boolean(value); }
    writer& null(std::string_view name) { return key(name).null(); }
    writer& raw(std::string_view name, std::string_view value) { return key(name).raw(value); }
    writer& object(std::string_view name) { return key(name).begin_object(); }
    writer& array(std::string_view name) { return key(name).begin_array(); }

    bool balanced() const noexcept { return depth_ == 0; }

private:
    void separate();

    std::string* out_;
    bool comma_ = false;
    int depth_ = 0;
};

}  // namespace gaia::json
