#include "providers/echo/tool_call.hpp"

#include "core/json/cursor.hpp"

namespace gaia::providers {
namespace {

constexpr int depth_max = 8;

std::string plausible_value(std::string_view schema, int depth);

std::string plausible_object(std::string_view schema, int depth) {
    std::string out = "{";
    const auto properties = json::member(schema, "properties");
    const auto required = json::member(schema, "required");
    if (json::kind_of(required) == json::kind::array && depth < depth_max) {
        for (json::element_cursor at(required); at.next();) {
            if (at.type() != json::kind::string) {
                continue;
            }
            if (out.size() > 1) {
                out += ',';
            }
            out += at.value();
            out += ':';
            out += plausible_value(json::kind_of(properties) == json::kind::object
                                       ? json::member(properties, json::to_text(at.value()))
                                       : std::string_view(),
                                   depth + 1);
        }
    }
    out += '}';
    return out;
}

std::string plausible_value(std::string_view schema, int depth) {
    if (json::kind_of(schema) != json::kind::object) {
        return R"("echo")";
    }
    if (const auto choices = json::member(schema, "enum");
        json::kind_of(choices) == json::kind::array) {
        if (json::element_cursor first(choices); first.next()) {
            return std::string(first.value());
        }
    }
    auto type = json::member(schema, "type");
    if (json::kind_of(type) == json::kind::array) {  // ["string", "null"]
        json::element_cursor first(type);
        type = first.next() ? first.value() : std::string_view();
    }
    const auto is = [&](std::string_view name) { return type == name; };
    if (is(R"("integer")") || is(R"("number")")) {
        return "1";
    }
    if (is(R"("boolean")")) {
        return "true";
    }
    if (is(R"("array")")) {
        return "[]";
    }
    if (is(R"("null")")) {
        return "null";
    }
    if (is(R"("object")")) {
        return plausible_object(schema, depth);
    }
    return R"("echo")";
}

}  // namespace

std::string plausible_arguments(std::string_view parameters) {
    return json::kind_of(parameters) == json::kind::object ? plausible_object(parameters, 0) : "{}";
}

}  // namespace gaia::providers
