#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/chat/model.hpp"
#include "providers/catalog/catalog.hpp"

// Reads the two tables of this folder. A malformed line is a bug of the build and throws
// std::runtime_error with the line's number.
namespace gaia::catalog {

std::vector<vendor_row> read_vendors(std::string_view text);
// Sorted by vendor, then id.
std::vector<chat::model_facts> read_models(std::string_view text);

}  // namespace gaia::catalog
