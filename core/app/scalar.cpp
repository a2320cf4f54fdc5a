#include "core/app/scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <limits>

namespace gaia::app {
namespace {

struct unit {
    std::string_view name;
    std::int64_t factor;
};

// Largest first, for writing.
constexpr std::array<unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit, 4> byte_units{
    {{"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"", 1}}};

template <std::size_t N>
std::optional<std::int64_t> parse_with_unit(std::string_view text,
                                            const std::array<unit, N>& units) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_count(text.substr(0, digits));
    if (!number) {
        return std::nullopt;
    }
    for (const unit& u : units) {
        if (u.name == text.substr(digits)) {
            if (*number > std::numeric_limits<std::int64_t>::max() / u.factor) {
                return std::nullopt;
            }
            return *number * u.factor;
        }
    }
    return std::nullopt;
}

template <std::size_t N>
std::string write_with_unit(std::int64_t value, const std::array<unit, N>& units) {
    for (const unit& u : units) {
        if (value != 0 && value % u.factor == 0) {
            return fmt::format("{}{}", value / u.factor, u.name);
        }
    }
    return fmt::format("{}{}", value, units.back().name);
}

bool is_variable_name(std::string_view name) {
    if (name.empty() || name.size() > 128 || (name[0] >= '0' && name[0] <= '9')) {
        return false;
    }
    return name.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == name.npos;
}

// One "${...}" whose inside is `inside`. Appends its value to `out.text` or sets `out.error`.
void expand_variable(std::string_view inside, const environment& env, expansion& out) {
    const std::size_t name_end = std::min(inside.find(':'), inside.size());
    const std::string_view name = inside.substr(0, name_end);
    const std::string_view rest = inside.substr(name_end);
    const bool has_default = rest.starts_with(":-");
    if (!is_variable_name(name) || (!rest.empty() && !has_default)) {
        out.error = "expected ${NAME} or ${NAME:-default}; write $${ for a plain ${";
        return;
    }
    out.literal = false;
    const std::string* const value = has_default ? env.find_filled(name) : env.find(name);
    if (value != nullptr) {
        out.text += *value;
    } else if (has_default) {
        out.text += rest.substr(2);
    } else {
        out.error = fmt::format(
            "the environment variable {} is not set, and there is no default (${{{}:-default}})",
            name,
            name);
    }
}

expansion expand_variables(std::string_view text, const environment& env) {
    expansion out;
    while (!text.empty() && out.error.empty() && out.text.size() <= value_bytes_max) {
        const std::size_t dollar = std::min(text.find('$'), text.size());
        out.text += text.substr(0, dollar);
        text.remove_prefix(dollar);
        if (text.starts_with("$${")) {
            out.text += "${";
            text.remove_prefix(3);
        } else if (text.starts_with("${")) {
            const std::size_t close = text.find('}');
            if (close == text.npos) {
                out.error = "`${` is never closed by `}`";
                break;
            }
            expand_variable(text.substr(2, close - 2), env, out);
            text.remove_prefix(close + 1);
        } else if (!text.empty()) {
            out.text += '$';
            text.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace

std::string resolve_path(const std::string& folder, const std::string& path) {
    if (folder.empty() || path.starts_with('/')) {
        return path;
    }
    return (std::filesystem::path(folder) / path).lexically_normal().string();
}

expansion expand(std::string_view text,
                 const environment& env,
                 const file_reader& read,
                 const std::string& folder) {
    static constexpr std::string_view file_prefix = "file:";
    const bool from_file = text.starts_with(file_prefix);
    expansion out = expand_variables(from_file ? text.substr(file_prefix.size()) : text, env);
    if (out.error.empty() && from_file) {
        const bool shown_path = out.literal;
        file_content content;
        if (out.text.empty()) {
            content.error = "`file:` needs a path";
        } else if (!read) {
            content.error = "files cannot be read here";
        } else {
            content = read(resolve_path(folder, out.text));
        }
        if (!content.error.empty() && shown_path && !out.text.empty()) {
            content.error = fmt::format("{}: {}", shown(out.text), content.error);
        }
        out.error = std::move(content.error);
        out.text = std::move(content.text);
        out.literal = false;
        while (out.text.ends_with('\n') || out.text.ends_with('\r')) {
            out.text.pop_back();
        }
    }
    if (out.error.empty() && out.text.size() > value_bytes_max) {
        out.error = fmt::format("longer than {} bytes", value_bytes_max);
    }
    if (out.error.empty() && out.text.find('\0') != std::string::npos) {
        out.error = "has a NUL byte in it";
    }
    if (!out.error.empty()) {
        out.text.clear();
    }
    return out;
}

std::optional<std::int64_t> parse_count(std::string_view text) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || text.front() == '-' || error != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto value = parse_with_unit(text, duration_units);
    return value ? std::optional(std::chrono::milliseconds(*value)) : std::nullopt;
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
    return parse_with_unit(text, byte_units);
}

std::string to_duration_text(std::chrono::milliseconds value) {
    return value.count() == 0 ? "0s" : write_with_unit(value.count(), duration_units);
}

std::string to_bytes_text(std::int64_t value) {
    return write_with_unit(value, byte_units);
}

}  // namespace gaia::app
