#include "core/chat/loss.hpp"

namespace gaia::chat {
namespace {

constexpr std::size_t losses_max = 256;
constexpr std::size_t header_bytes_max = 1024;

bool is_token(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '[' || c == ']' || c == '$';
}

}  // namespace

void loss_report::add(kind what, std::string path, std::string reason) {
    if (all_.size() < losses_max) {
        all_.push_back({what, std::move(path), std::move(reason)});
    }
}
void loss_report::dropped(std::string path, std::string reason) {
    add(kind::dropped, std::move(path), std::move(reason));
}
void loss_report::changed(std::string path, std::string reason) {
    add(kind::changed, std::move(path), std::move(reason));
}
void loss_report::emulated(std::string path, std::string reason) {
    add(kind::emulated, std::move(path), std::move(reason));
}

std::string loss_report::header() const {
    std::string out;
    for (const auto& each : all_) {
        if (each.what == kind::emulated) {
            continue;
        }
        if (out.size() + each.path.size() + 2 > header_bytes_max) {
            break;
        }
        if (!out.empty()) {
            out += ", ";
        }
        for (const char c : each.path) {  // extras carry keys that users chose
            out += is_token(c) ? c : '_';
        }
    }
    return out;
}

std::optional<failure> loss_report::refusal() const {
    for (const auto& each : all_) {
        if (each.what != kind::emulated) {
            return fail(errc::unsupported_parameter,
                        "The model that serves this request cannot take '" + each.path +
                            "', and dropping it was forbidden.",
                        each.path);
        }
    }
    return std::nullopt;
}

}  // namespace gaia::chat
