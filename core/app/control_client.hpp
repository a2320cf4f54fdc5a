#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gaia::app {

struct control_answer {
    int status = 0;
    std::string body;
};

// One request to the gateway that holds the data folder, over its control socket. Blocks. Fails
// with conflict when nobody listens there.
result<control_answer> call_control_socket(const std::string& data_folder,
                                           std::string_view method,
                                           std::string_view target,
                                           std::string_view body);

}  // namespace gaia::app
