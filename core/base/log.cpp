#include "core/base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>

#include "core/base/clock.hpp"

namespace gaia::log {
namespace {

constexpr std::size_t value_bytes_max = 512;

std::atomic<int> threshold_now{static_cast<int>(level::info)};
std::atomic<int> format_now{static_cast<int>(format::text)};

std::mutex logger_mutex;
std::shared_ptr<spdlog::logger> logger_now;  // guarded by logger_mutex

std::shared_ptr<spdlog::logger> current() {
    const std::lock_guard lock(logger_mutex);
    return logger_now;
}

std::string_view name(level l) {
    switch (l) {
        case level::debug:
            return "debug";
        case level::info:
            return "info";
        case level::warn:
            return "warn";
        case level::error:
            return "error";
    }
    return "error";
}

// Length of the well-formed UTF-8 sequence at the start of `s`, 0 when there is none.
std::size_t utf8_length(std::string_view s) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const auto tail = [&](std::size_t i) { return i < s.size() && (byte(i) & 0xC0) == 0x80; };
    if (byte(0) < 0x80) {
        return 1;
    }
    if (byte(0) >= 0xC2 && byte(0) <= 0xDF && tail(1)) {
        return 2;
    }
    if ((byte(0) & 0xF0) == 0xE0 && tail(1) && tail(2)) {
        const bool overlong = byte(0) == 0xE0 && byte(1) < 0xA0;
        const bool surrogate = byte(0) == 0xED && byte(1) > 0x9F;
        return overlong || surrogate ? 0 : 3;
    }
    if (byte(0) >= 0xF0 && byte(0) <= 0xF4 && tail(1) && tail(2) && tail(3)) {
        const bool overlong = byte(0) == 0xF0 && byte(1) < 0x90;
        const bool beyond = byte(0) == 0xF4 && byte(1) > 0x8F;
        return overlong || beyond ? 0 : 4;
    }
    return 0;
}

void append_escaped(fmt::memory_buffer& out, std::string_view value) {
    const bool cut = value.size() > value_bytes_max;
    value = value.substr(0, value_bytes_max);
    const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
        // Not ASCII: its UTF-8 is looked at. `char` is unsigned on some machines.
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
    });
    if (plain) {
        out.append(value);
        value = {};
    }
    while (!value.empty()) {
        const std::size_t length = utf8_length(value);
        const auto c = static_cast<unsigned char>(value[0]);
        if (length == 0) {
            out.append(std::string_view("\xEF\xBF\xBD"));
            value.remove_prefix(1);
            continue;
        }
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(static_cast<char>(c));
        } else if (c < 0x20 || c == 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
        } else {
            out.append(value.substr(0, length));
        }
        value.remove_prefix(length);
    }
    if (cut) {
        out.append(std::string_view("..."));
    }
}

void append_all(fmt::memory_buffer& out, std::initializer_list<std::string_view> pieces) {
    for (const auto piece : pieces) {
        out.append(piece);
    }
}

void append_value(fmt::memory_buffer& out, const field::value_type& value, bool quote) {
    if (const auto* text = std::get_if<std::string_view>(&value)) {
        const bool bare = !quote && !text->empty() && text->find_first_of(" \"=\\") == text->npos;
        if (!bare) {
            out.push_back('"');
        }
        append_escaped(out, *text);
        if (!bare) {
            out.push_back('"');
        }
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        const fmt::format_int digits(*number);
        out.append(std::string_view(digits.data(), digits.size()));
    } else if (const auto* real = std::get_if<double>(&value)) {
        fmt::format_to(std::back_inserter(out), "{:.3f}", std::isfinite(*real) ? *real : 0.0);
    } else if (std::holds_alternative<std::monostate>(value)) {
        out.append(std::string_view("null"));
    } else {
        out.append(std::string_view(std::get<bool>(value) ? "true" : "false"));
    }
}

}  // namespace

void open(const settings& how) {
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (how.file.empty()) {
        // Not spdlog's standard output sink: that one flushes each line.
        sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(std::cout);
    } else {
        try {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(how.file);
        } catch (const spdlog::spdlog_ex&) {
            throw std::runtime_error("cannot open the log file " + how.file);
        }
    }
    auto logger = std::make_shared<spdlog::logger>("gaiarouter", std::move(sink));
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::warn);
    threshold_now = static_cast<int>(how.threshold);
    format_now = static_cast<int>(how.shape);
    const std::lock_guard lock(logger_mutex);
    logger_now = std::move(logger);
}

void set_threshold(level threshold) noexcept {
    threshold_now = static_cast<int>(threshold);
}

bool enabled(level l) noexcept {
    return static_cast<int>(l) >= threshold_now.load(std::memory_order_relaxed);
}

void write(level l, std::string_view message, std::initializer_list<field> fields) {
    if (!enabled(l)) {
        return;
    }
    const auto logger = current();
    if (!logger) {
        return;
    }
    fmt::memory_buffer line;
    const auto time = to_iso8601(wall_now());
    if (format_now.load(std::memory_order_relaxed) == static_cast<int>(format::json)) {
        append_all(line, {R"({"time":")", time, R"(","level":")", name(l), R"(","message":")"});
        append_escaped(line, message);
        line.push_back('"');
        for (const auto& f : fields) {
            append_all(line, {R"(,")", f.name, R"(":)"});
            append_value(line, f.value, true);
        }
        line.push_back('}');
    } else {
        append_all(line, {time, " ", name(l), name(l).size() < 5 ? "  " : " "});
        append_escaped(line, message);
        for (const auto& f : fields) {
            append_all(line, {" ", f.name, "="});
            append_value(line, f.value, false);
        }
    }
    constexpr spdlog::level::level_enum levels[] = {
        spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    logger->log(levels[static_cast<int>(l)], spdlog::string_view_t(line.data(), line.size()));
}

bool within_rate(unsigned kind, unsigned per_second) noexcept {
    // The second in the upper half, the lines in it in the lower.
    static std::array<std::atomic<std::uint64_t>, 64> windows;
    auto& window = windows[kind % windows.size()];
    const auto second = static_cast<std::uint64_t>(wall_now().value / 1'000'000) << 32;
    auto seen = window.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
        next = (seen >> 32 << 32) == second ? seen + 1 : second + 1;
    } while (!window.compare_exchange_weak(seen, next, std::memory_order_relaxed));
    return (next & 0xFFFFFFFF) <= per_second;
}

void flush() {
    if (const auto logger = current()) {
        logger->flush();
    }
}

}  // namespace gaia::log
