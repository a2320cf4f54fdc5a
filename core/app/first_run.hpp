#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/net/settings.hpp"

namespace gaia::app {

// What a first start has made. Goes to the terminal once and nowhere else: it holds secrets.
struct first_run {
    std::string address;  // address_for_people
    std::string data_folder;
    std::string user = "admin";
    std::optional<std::string> password;  // nullopt: preset by GAIAROUTER_ADMIN_PASSWORD
    std::optional<std::string> key;       // nullopt: preset by GAIAROUTER_ADMIN_KEY
};

std::string render_first_run(const first_run& made);

// "http://127.0.0.1:8000": where a person on this machine reaches a server with these settings.
// `port` is the one that is really listened on.
std::string address_for_people(const net::settings& server, std::uint16_t port);

// A call that works as pasted. Without a key it reads one from $GAIAROUTER_ADMIN_KEY.
std::string first_call(const std::string& address, const std::optional<std::string>& key);

}  // namespace gaia::app
