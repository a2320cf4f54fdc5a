#include "core/chat/request.hpp"

#include <algorithm>

namespace gaia::chat {
namespace {

using mode = reasoning_wish::mode;

}  // namespace

// Thresholds as public converters of Anthropic budgets to OpenAI efforts have them.
std::string_view effort_for(const reasoning_wish& wish) noexcept {
    if (!wish.effort.empty()) {
        return wish.effort;
    }
    if (wish.how == mode::off) {
        return "none";
    }
    if (wish.budget_tokens) {
        const auto budget = *wish.budget_tokens;
        if (budget < 0) {
            return "medium";  // Gemini's -1: as much as it takes
        }
        if (budget == 0) {
            return "none";
        }
        return budget >= 4096   ? "high"
               : budget >= 2048 ? "medium"
               : budget >= 1024 ? "low"
                                : "minimal";
    }
    return wish.how == mode::unstated ? std::string_view() : "medium";
}

std::optional<std::int64_t> budget_for(const reasoning_wish& wish) noexcept {
    if (wish.budget_tokens) {
        return wish.budget_tokens;
    }
    if (wish.how == mode::off || wish.effort == "none") {
        return 0;
    }
    if (wish.effort.empty() && wish.how == mode::unstated) {
        return std::nullopt;
    }
    if (wish.effort == "minimal" || wish.effort == "low") {
        return 1024;
    }
    if (wish.effort == "high") {
        return 4096;
    }
    if (wish.effort == "xhigh") {
        return 16384;
    }
    if (wish.effort == "max") {
        return 32768;
    }
    return 2048;
}

std::string_view called_name(const request& r, std::string_view id, std::size_t before) {
    // The latest call with this id: some vendors use the same ids in every turn.
    for (std::size_t i = std::min(before, r.turns.size()); i-- > 0;) {
        const auto& parts = r.turns[i].parts;
        for (auto at = parts.rbegin(); at != parts.rend(); ++at) {
            const auto* call = at->as<tool_call_part>();
            if (call != nullptr && call->id == id) {
                return call->name;
            }
        }
    }
    return {};
}

}  // namespace gaia::chat
