#include "core/app/control_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace gaia::app {
namespace {

namespace http = boost::beast::http;
namespace asio = boost::asio;

boost::beast::string_view beast_view(std::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

result<control_answer> call_control_socket(const std::string& data_folder,
                                           std::string_view method,
                                           std::string_view target,
                                           std::string_view body) {
    const auto unreachable = [] {
        return fail(errc::conflict,
                    "The data folder is in use, but its gateway cannot be reached.");
    };
    try {
        asio::io_context context;
        asio::local::stream_protocol::socket socket(context);
        socket.connect(asio::local::stream_protocol::endpoint(data_folder + "/control.sock"));
        http::request<http::string_body> request(
            http::string_to_verb(beast_view(method)), beast_view(target), 11);
        request.set(http::field::host, "localhost");
        request.set(http::field::connection, "close");
        request.body() = std::string(body);
        request.prepare_payload();
        http::write(socket, request);
        boost::beast::flat_buffer buffer;
        http::response<http::string_body> response;
        http::read(socket, buffer, response);
        return control_answer{static_cast<int>(response.result_int()), std::move(response.body())};
    } catch (const std::exception&) {
        return unreachable();
    }
}

}  // namespace gaia::app
