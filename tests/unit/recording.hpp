#pragma once

#include <string>
#include <vector>

// Traffic of real providers, read in place where it is present: ../shared/wire beside the checkout,
// or the folder that GAIAROUTER_WIRE_DIR names.
struct recording {
    std::string name;      // "openai/chat-stream-text-00"
    std::string provider;  // "openai"
    std::string api;       // "chat", "messages", "generateContent", …
    int status = 0;
    bool stream = false;
    std::string request;  // "null" when it was not kept
    std::string body;
};

// All of them, read once; empty (and said on the terminal once) when they are absent.
const std::vector<recording>& all_recordings();
std::vector<recording> recordings_of(const std::string& api);
