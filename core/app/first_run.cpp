#include "core/app/first_run.hpp"

#include <fmt/format.h>

#include "core/app/address.hpp"

namespace gaia::app {

std::string address_for_people(const net::settings& server, std::uint16_t port) {
    // Every-address is where to listen and not where to go.
    std::string_view host = server.host;
    if (host == "0.0.0.0") {
        host = "127.0.0.1";
    } else if (host == "::") {
        host = "::1";
    }
    return fmt::format(
        "{}://{}", server.tls.certificate.empty() ? "http" : "https", to_authority(host, port));
}

std::string first_call(const std::string& address, const std::optional<std::string>& key) {
    return fmt::format(
        "curl -N {}/v1/chat/completions \\\n"
        "  -H \"Authorization: Bearer {}\" \\\n"
        "  -H \"Content-Type: application/json\" \\\n"
        "  -d '{{\"model\": \"echo/echo-1\", \"stream\": true, "
        "\"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'\n",
        address,
        key ? *key : "$GAIAROUTER_ADMIN_KEY");
}

std::string render_first_run(const first_run& made) {
    return fmt::format(
        "\n"
        "GaiaRouter is ready. This is shown once; keep it.\n"
        "\n"
        "  Address   {}\n"
        "  Login     {}\n"
        "  Password  {}\n"
        "  API key   {}\n"
        "  Data      {}\n"
        "\n"
        "Try it:\n"
        "\n"
        "{}\n",
        made.address,
        made.user,
        made.password ? *made.password : "(from GAIAROUTER_ADMIN_PASSWORD)",
        made.key ? *made.key : "(from GAIAROUTER_ADMIN_KEY)",
        made.data_folder,
        first_call(made.address, made.key));
}

}  // namespace gaia::app
