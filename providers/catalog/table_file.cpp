#include "providers/catalog/table_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <string>
#include <tuple>

namespace gaia::catalog {
namespace {

// Cuts off and returns what stands before the next `mark`, or all of the rest.
std::string_view next(std::string_view& rest, char mark) {
    const auto at = rest.find(mark);
    const auto piece = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return piece;
}

[[noreturn]] void refuse(std::string_view what, std::string_view line) {
    throw std::runtime_error(fmt::format("catalogue: {} in line \"{}\"", what, line));
}

template <std::size_t Columns>
std::array<std::string_view, Columns> columns(std::string_view line) {
    if (std::count(line.begin(), line.end(), '\t') != Columns - 1) {
        refuse("wrong number of columns", line);
    }
    std::array<std::string_view, Columns> cells;
    std::string_view rest = line;
    for (auto& cell : cells) {
        cell = next(rest, '\t');
        if (cell == "-") {
            cell = {};
        }
    }
    return cells;
}

std::vector<std::string_view> list(std::string_view cell) {
    std::vector<std::string_view> items;
    while (!cell.empty()) {
        items.push_back(next(cell, ','));
    }
    items.shrink_to_fit();
    return items;
}

std::int64_t number(std::string_view cell, std::string_view line) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || value < 0) {
        refuse("bad number", line);
    }
    return value;
}

std::optional<price> rate(std::string_view cell, std::string_view line) {
    if (cell.empty()) {
        return std::nullopt;
    }
    const auto dollars = parse_dollars(cell);
    if (!dollars) {
        refuse("bad price", line);
    }
    return price{dollars->value};
}

chat::rates rates(std::string_view cell, std::string_view line) {
    chat::rates at;
    at.input = rate(next(cell, ','), line).value_or(price{});
    at.output = rate(next(cell, ','), line).value_or(price{});
    at.cache_read = rate(next(cell, ','), line);
    at.cache_write = rate(next(cell, ','), line);
    at.reasoning = rate(next(cell, ','), line);
    at.audio_in = rate(next(cell, ','), line);
    at.audio_out = rate(next(cell, ','), line);
    if (!cell.empty()) {
        refuse("too many rates", line);
    }
    return at;
}

// YYYY, YYYY-MM or YYYY-MM-DD as seconds since 1970; 0 for nothing.
std::int64_t date(std::string_view cell, std::string_view line) {
    if (cell.empty()) {
        return 0;
    }
    using namespace std::chrono;
    const auto part = [&](int otherwise) {
        return cell.empty() ? otherwise : static_cast<int>(number(next(cell, '-'), line));
    };
    const year y{part(1970)};
    const month m{static_cast<unsigned>(part(1))};
    const day d{static_cast<unsigned>(part(1))};
    const year_month_day when = y / m / d;
    if (!when.ok()) {
        refuse("bad date", line);
    }
    return duration_cast<seconds>(sys_days(when).time_since_epoch()).count();
}

auth_style auth(std::string_view cell, std::string_view line) {
    if (cell == "bearer") {
        return auth_style::bearer;
    }
    if (cell == "x-api-key") {
        return auth_style::x_api_key;
    }
    if (cell == "api-key") {
        return auth_style::api_key;
    }
    if (cell == "none") {
        return auth_style::none;
    }
    refuse("unknown auth style", line);
}

chat::quirks quirks(std::string_view cell, std::string_view line) {
    chat::quirks how;
    for (const auto quirk : list(cell)) {
        if (quirk == "no_stream_options") {
            how.stream_options = false;
        } else if (quirk == "max_tokens") {
            how.max_completion_tokens = false;
        } else {
            refuse("unknown quirk", line);
        }
    }
    return how;
}

chat::model_facts model(std::string_view vendor, std::string_view line) {
    const auto [id, name, released, base, tiers, context, output, flags] = columns<8>(line);
    chat::model_facts facts;
    facts.vendor = vendor;
    facts.id = id;
    facts.name = name.empty() ? id : name;
    facts.released = date(released, line);
    facts.context_tokens = number(context, line);
    facts.output_tokens_max = number(output, line);
    facts.vision = flags.find('v') != std::string_view::npos;
    facts.tools = flags.find('t') != std::string_view::npos;
    facts.reasoning = flags.find('r') != std::string_view::npos;
    if (base.empty()) {
        return facts;
    }
    auto& card = facts.card.emplace();
    card.base = rates(base, line);
    for (std::string_view rest = tiers; !rest.empty();) {
        std::string_view tier = next(rest, ';');
        const auto above = number(next(tier, ':'), line);
        if (!card.tiers.empty() && above <= card.tiers.back().prompt_tokens_above) {
            refuse("tiers do not rise", line);
        }
        card.tiers.push_back({above, rates(tier, line)});
    }
    card.tiers.shrink_to_fit();
    return facts;
}

}  // namespace

std::vector<vendor_row> read_vendors(std::string_view text) {
    std::vector<vendor_row> rows;
    while (!text.empty()) {
        const auto line = next(text, '\n');
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const auto [id,
                    name,
                    dialect,
                    base_url,
                    auth_cell,
                    key_env,
                    url_env,
                    how,
                    prefixes,
                    aliases] = columns<10>(line);
        rows.push_back({id,
                        name,
                        dialect,
                        base_url,
                        auth(auth_cell, line),
                        list(key_env),
                        list(url_env),
                        quirks(how, line),
                        list(prefixes),
                        list(aliases)});
    }
    rows.shrink_to_fit();
    return rows;
}

std::vector<chat::model_facts> read_models(std::string_view text) {
    std::vector<chat::model_facts> rows;
    rows.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
    std::string_view vendor;
    while (!text.empty()) {
        const auto line = next(text, '\n');
        if (line.empty() || line.front() == '#') {
            continue;
        }
        // Model names may begin with @ as well (Cloudflare's do), but only vendor lines have one
        // column.
        if (line.front() == '@' && line.find('\t') == std::string_view::npos) {
            vendor = line.substr(1);
        } else {
            rows.push_back(model(vendor, line));
        }
    }
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
        return std::tie(a.vendor, a.id) < std::tie(b.vendor, b.id);
    });
    return rows;
}

}  // namespace gaia::catalog
