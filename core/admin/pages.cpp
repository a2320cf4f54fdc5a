#include <fmt/format.h>
#include <xxhash.h>

#include "core/admin/admin.hpp"
#include "pages_files.hpp"

namespace gaia::admin {
namespace {

constexpr std::string_view folder = "../../admin-ui/dist/";
constexpr std::string_view policy_of_pages =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
    "'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

std::string_view media_type(std::string_view name) {
    constexpr std::pair<std::string_view, std::string_view> types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".json", "application/json"},
        {".png", "image/png"},
        {".woff2", "font/woff2"}};
    for (const auto& [end, type] : types) {
        if (name.ends_with(end)) {
            return type;
        }
    }
    return "application/octet-stream";
}

net::awaitable<void> serve(net::exchange& ex,
                           std::string_view content,
                           std::string_view type,
                           const std::string& tag) {
    ex.set_header("content-security-policy", policy_of_pages);
    ex.set_header("referrer-policy", "no-referrer");
    ex.set_header("cross-origin-opener-policy", "same-origin");
    ex.set_header("cross-origin-resource-policy", "same-origin");
    ex.set_header("cache-control", "no-cache");
    ex.set_header("etag", tag);
    const bool unchanged = ex.header("if-none-match") == tag;
    co_await ex.reply(unchanged ? 304 : 200, type, unchanged ? std::string_view() : content);
}

}  // namespace

// The files are a map in memory: no path of a request ever reaches the file system.
void add_pages(net::routes& table) {
    for (const auto& file : pages_files()) {
        const auto name = file.name.substr(folder.size());
        const auto type = media_type(name);
        const auto tag =
            fmt::format("\"{:016x}\"", XXH3_64bits(file.content.data(), file.content.size()));
        const auto handle = [content = file.content, type, tag](net::exchange& ex) {
            return serve(ex, content, type, tag);
        };
        table.add({"GET", "/" + std::string(name), handle});
        if (name == "index.html") {
            table.add({"GET", "/", handle});
        }
    }
}

}  // namespace gaia::admin
