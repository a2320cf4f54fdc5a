#include <cstdlib>
#include <string>
#include <vector>

#include "core/net/chunk_reader.hpp"

// The first bytes choose where the body is cut. Property: any cut gives the same data and the same
// end, and nothing behind the end is consumed.
namespace {

using gaia::net::chunk_reader;
using state = chunk_reader::state;

struct seen {
    std::string data;
    std::size_t consumed = 0;
    state at = state::reading;
};

void feed(chunk_reader& reader, std::string_view part, seen& into) {
    const std::vector<char> copy(part.begin(), part.end());  // so that ASan sees its edges
    std::string_view left(copy.data(), copy.size());
    while (!left.empty() && reader.at() == state::reading) {
        const auto step = reader.next(left);
        if (step.consumed == 0 || step.consumed > left.size() || step.data.size() > step.consumed) {
            std::abort();
        }
        into.data.append(step.data);
        into.consumed += step.consumed;
        left.remove_prefix(step.consumed);
    }
    into.at = reader.at();
}

seen split(std::string_view text, const std::vector<std::size_t>& cuts) {
    chunk_reader reader(chunk_reader::limits{24, 24});
    seen result;
    std::size_t at = 0;
    for (const auto step : cuts) {
        const auto part = text.substr(at, step);
        feed(reader, part, result);
        at += part.size();
    }
    feed(reader, text.substr(at), result);
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::vector<std::size_t> cuts;
    while (size > 0 && cuts.size() < 8) {
        cuts.push_back(*data % 24U);
        ++data;
        --size;
    }
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto whole = split(text, {});
    const auto parts = split(text, cuts);
    if (whole.at != parts.at || whole.data != parts.data) {
        std::abort();
    }
    if (whole.at == state::done && whole.consumed != parts.consumed) {
        std::abort();
    }
    return 0;
}
