#include <cstdlib>
#include <string>
#include <vector>

#include "core/wire/sse.hpp"

// The first bytes choose where the reads are cut. Property: the same events come out of any cut,
// and not a byte is lost, added or moved.
namespace {

struct seen {
    std::vector<std::string> events;
    std::string raw;
    bool overflown = false;
};

void note(seen& into, const gaia::wire::sse_event& event) {
    into.raw += event.raw;
    if (event.has_data || !event.name.empty()) {
        into.events.push_back(std::string(event.name) + '\0' + (event.has_data ? 'd' : '-') +
                              std::string(event.data));
    }
}

seen split(std::string_view text, const std::vector<std::size_t>& cuts) {
    gaia::wire::sse_splitter splitter(256);
    seen result;
    const auto feed = [&](std::string_view part) {
        const std::vector<char> copy(part.begin(), part.end());  // so that ASan sees its edges
        splitter.feed({copy.data(), copy.size()});
        while (const auto event = splitter.next()) {
            note(result, *event);
        }
        if (splitter.held() > 256 + part.size()) {
            std::abort();
        }
    };
    std::size_t at = 0;
    for (const auto step : cuts) {
        const auto part = text.substr(at, step);
        feed(part);
        at += part.size();
    }
    feed(text.substr(at));
    if (const auto event = splitter.finish()) {
        note(result, *event);
    }
    result.overflown = splitter.overflown();
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::vector<std::size_t> cuts;
    while (size > 0 && cuts.size() < 8) {
        cuts.push_back(*data % 40U);
        ++data;
        --size;
    }
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto whole = split(text, {});
    const auto parts = split(text, cuts);
    if (whole.events != parts.events || whole.overflown != parts.overflown) {
        std::abort();
    }
    if (!whole.overflown && (whole.raw != text || parts.raw != text)) {
        std::abort();
    }
    return 0;
}
