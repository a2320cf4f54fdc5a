#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

// What is wrong with a configuration, and where. Never with the value of a secret in it.
namespace gaia::app {

// A place in a file. Lines and columns count from 1; line 0 means the file as a whole.
struct position {
    int line = 0;
    int column = 0;
};

struct problem {
    std::string source;  // the file's path, a variable's name, or a flag
    position at;
    std::string text;
};

// "gaiarouter.yaml:3:5: unknown setting `listne`; did you mean `listen`?"
std::string to_string(const problem& p);

// The candidate that a mistyped word most likely means; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// Input made fit to be shown in a line of a terminal: control characters and bytes that are not
// ASCII become "?", and what is longer than 64 bytes is cut.
std::string shown(std::string_view text);

}  // namespace gaia::app
