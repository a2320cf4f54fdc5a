#include "tests/unit/recording.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/json/read.hpp"

namespace fs = std::filesystem;
namespace json = gaia::json;

namespace {

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

}  // namespace

const std::vector<recording>& all_recordings() {
    static const auto all = [] {
        std::vector<recording> found;
        const char* named = std::getenv("GAIAROUTER_WIRE_DIR");
        const fs::path root =
            named != nullptr ? fs::path(named) : fs::path(GAIA_SOURCE_DIR) / "../shared/wire";
        std::error_code ignored;  // ignored: an absent folder has no entries
        for (fs::recursive_directory_iterator at(root, ignored), end; at != end;
             at.increment(ignored)) {
            if (at->path().filename() != "meta.json") {
                continue;
            }
            const auto text = contents(at->path());
            if (!json::validate(text)) {
                continue;
            }
            const json::value meta(text);
            const auto folder = at->path().parent_path();
            const auto provider = folder.parent_path().filename().string();
            found.push_back({provider + "/" + folder.filename().string(),
                             provider,
                             meta["api"].text(),
                             static_cast<int>(meta["status"].integer().value_or(0)),
                             meta["stream"].boolean().value_or(false),
                             contents(folder / "request.json"),
                             contents(folder / "response.body")});
        }
        if (found.empty()) {
            std::cout << "skipped: recordings of provider traffic are not present\n";
        }
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
            return a.name < b.name;
        });
        return found;
    }();
    return all;
}

std::vector<recording> recordings_of(const std::string& api) {
    std::vector<recording> some;
    for (const auto& one : all_recordings()) {
        if (one.api == api) {
            some.push_back(one);
        }
    }
    return some;
}
