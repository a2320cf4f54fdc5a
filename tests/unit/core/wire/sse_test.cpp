#include "core/wire/sse.hpp"

#include <catch2/catch.hpp>
#include <vector>

using gaia::wire::sse_splitter;

namespace {

struct seen_event {
    std::string data;
    std::string name;
    bool has_data = false;
    bool operator==(const seen_event&) const = default;
};

struct seen {
    std::vector<seen_event> events;  // those with a field of interest
    std::string raw;
};

std::ostream& operator<<(std::ostream& out, const seen_event& event) {
    return out << '[' << event.name << '|' << event.data << ']';
}

void drain(sse_splitter& splitter, seen& into) {
    const auto take = [&](const gaia::wire::sse_event& event) {
        into.raw += event.raw;
        if (event.has_data || !event.name.empty()) {
            into.events.push_back(
                {std::string(event.data), std::string(event.name), event.has_data});
        }
    };
    while (const auto event = splitter.next()) {
        take(*event);
    }
}

seen split(const std::vector<std::string>& parts, std::size_t limit = 1 << 20) {
    sse_splitter splitter(limit);
    seen result;
    for (const auto& part : parts) {
        const std::string copy = part;  // each feed in memory of its own
        splitter.feed(copy);
        drain(splitter, result);
    }
    if (const auto event = splitter.finish()) {
        result.raw += event->raw;
        if (event->has_data || !event->name.empty()) {
            result.events.push_back(
                {std::string(event->data), std::string(event->name), event->has_data});
        }
    }
    return result;
}

const std::vector<std::pair<std::string, std::vector<seen_event>>>& table() {
    static const std::vector<std::pair<std::string, std::vector<seen_event>>> rows = {
        {"data: a\n\ndata: b\n\n", {{"a", "", true}, {"b", "", true}}},
        {"data: a\r\n\r\ndata: b\r\n\r\n", {{"a", "", true}, {"b", "", true}}},
        {"data: a\r\rdata: b\r\r", {{"a", "", true}, {"b", "", true}}},
        {"data: a\r\n\ndata: b\n\r\n", {{"a", "", true}, {"b", "", true}}},
        {"\xef\xbb\xbf"
         "data: a\n\n",
         {{"a", "", true}}},
        {"data:a\ndata: b\ndata:  c\ndata\n\n", {{"a\nb\n c\n", "", true}}},
        {"data: a\r\ndata: b\r\n\r\n", {{"a\nb", "", true}}},
        {": comment\n\n:\n\ndata: a\n\n", {{"a", "", true}}},
        {"event: error\nid: 7\nretry: 3\nfoo: bar\ndata: {}\n: in the middle\n\n",
         {{"{}", "error", true}}},
        {"event: ping\n\n", {{"", "ping", false}}},
        {"data: \n\ndata:\n\ndata\n\n", {{"", "", true}, {"", "", true}, {"", "", true}}},
        {"\n\n\ndata: a\n\n\n\n", {{"a", "", true}}},
        {"data: a", {{"a", "", true}}},
        {"data: a\n", {{"a", "", true}}},
        {"data: a\r\n\r", {{"a", "", true}}},
        {"data: [\xe4\xb8\xad\xf0\x9f\x98\x80]\n\ndata: and some more text than sixteen bytes\n\n",
         {{"[\xe4\xb8\xad\xf0\x9f\x98\x80]", "", true},
          {"and some more text than sixteen bytes", "", true}}},
        {"database: x\ndata : y\nDATA: z\n\n", {}},
    };
    return rows;
}

}  // namespace

TEST_CASE("sse: events as WHATWG has them", "[wire][stream]") {
    for (const auto& [text, expected] : table()) {
        CAPTURE(text);
        const auto whole = split({text});
        CHECK(whole.events == expected);
        CHECK(whole.raw == text);
    }
}

TEST_CASE("sse: the same events and bytes wherever the reads are cut", "[wire][stream]") {
    for (const auto& [text, expected] : table()) {
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            CAPTURE(text, cut);
            const auto two = split({text.substr(0, cut), text.substr(cut)});
            CHECK(two.events == expected);
            CHECK(two.raw == text);
        }
        std::vector<std::string> bytes;
        for (const char c : text) {
            bytes.emplace_back(1, c);
        }
        CHECK(split(bytes).events == expected);
        CHECK(split(bytes).raw == text);
    }
}

TEST_CASE("sse: an event goes out with the byte that ends it", "[wire][stream]") {
    for (const std::string text : {"data: a\n\n", "data: a\r\r", "data: a\r\n\r\n"}) {
        CAPTURE(text);
        sse_splitter splitter(100);
        splitter.feed(std::string_view(text).substr(0, text.size() - 1));
        CHECK_FALSE(splitter.next());
        splitter.feed(std::string_view(text).substr(text.size() - 1));
        CHECK(splitter.next());
        CHECK_FALSE(splitter.next());
        CHECK(splitter.held() == 0);
    }
}

TEST_CASE("sse: the size limit is exact and the same in every cut", "[wire][stream]") {
    const std::string ok = "data: " + std::string(92, 'x') + "\n\n";  // 100 bytes
    const std::string big = "data: " + std::string(93, 'x') + "\n\n";
    for (std::size_t cut = 0; cut <= ok.size(); ++cut) {
        CAPTURE(cut);
        sse_splitter fits(100);
        sse_splitter bursts(100);
        int events = 0;
        fits.feed(std::string_view(ok).substr(0, cut));
        while (fits.next()) {
            ++events;
        }
        fits.feed(std::string_view(ok).substr(cut));
        while (fits.next()) {
            ++events;
        }
        CHECK(events == 1);
        CHECK_FALSE(fits.overflown());
        bursts.feed(std::string_view(big).substr(0, cut));
        CHECK_FALSE(bursts.next());
        bursts.feed(std::string_view(big).substr(cut));
        CHECK_FALSE(bursts.next());
        CHECK(bursts.overflown());
        CHECK_FALSE(bursts.finish());
        CHECK(bursts.held() == 0);
    }
}

TEST_CASE("sse: an endless line is cut off at the limit in linear time", "[wire][stream]") {
    sse_splitter splitter(16U << 20U);
    const std::string part(1000, 'x');
    std::size_t fed = 0;
    while (!splitter.overflown() && fed < (20U << 20U)) {
        splitter.feed(part);
        CHECK_FALSE(splitter.next());
        fed += part.size();
    }
    CHECK(fed > (16U << 20U) - 1000);
    CHECK(fed <= (16U << 20U) + 1000);
}
