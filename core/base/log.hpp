#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

// Structured logging over spdlog. Any thread. A line is one event: JSON, or readable text. Fields
// are an allow-list by construction: what is not passed is not logged. `secret` does not convert to
// a field. Control characters and invalid UTF-8 in values are escaped, values are cut at 512 bytes.
namespace gaia::log {

enum class level { debug, info, warn, error };
enum class format { text, json };

struct field {
    using value_type = std::variant<std::string_view, std::int64_t, double, bool, std::monostate>;
    std::string_view name;
    value_type value;

    field(std::string_view n, std::string_view v) : name(n), value(v) {}
    field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
    field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
    field(std::string_view n, bool v) : name(n), value(v) {}
    // Unknown is null, not 0.
    field(std::string_view n, const std::optional<std::int64_t>& v) : name(n) {
        if (v) {
            value = *v;
        } else {
            value = std::monostate();
        }
    }
    field(std::string_view n, double v) : name(n), value(v) {}
    template <class T>
        requires std::is_integral_v<T>
    field(std::string_view n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}
};

struct settings {
    level threshold = level::info;
    format shape = format::text;
    std::string file;  // empty: standard output (requests) and nothing else
};

// Once at start-up (and again on reload). Throws std::runtime_error if the file cannot be opened.
void open(const settings& how);
void set_threshold(level threshold) noexcept;
bool enabled(level l) noexcept;
void write(level l, std::string_view message, std::initializer_list<field> fields = {});
// Room for lines that bad input could otherwise multiply: at most `per_second` of each kind (0 to
// 63).
bool within_rate(unsigned kind, unsigned per_second) noexcept;
// Pushes buffered lines out. Called by a tick of the application and at the end.
void flush();

inline void debug(std::string_view m, std::initializer_list<field> f = {}) {
    write(level::debug, m, f);
}
inline void info(std::string_view m, std::initializer_list<field> f = {}) {
    write(level::info, m, f);
}
inline void warn(std::string_view m, std::initializer_list<field> f = {}) {
    write(level::warn, m, f);
}
inline void error(std::string_view m, std::initializer_list<field> f = {}) {
    write(level::error, m, f);
}

}  // namespace gaia::log
