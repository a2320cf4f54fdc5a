#include "core/relay/upstream_call.hpp"

#include <fmt/format.h>

#include "core/base/version.hpp"
#include "core/net/head_gate.hpp"
#include "core/net/io_thread.hpp"

namespace gaia::relay {
namespace {

constexpr std::string_view passed_on[] = {
    "traceparent", "tracestate", "openai-beta", "idempotency-key", "http-referer", "x-title"};

class http_upstream final : public upstream_call {
public:
    http_upstream(net::upstream_pool& pool,
                  const net::upstream_target& target,
                  const net::call_settings& how)
        : call_(pool, target, how) {}

    net::awaitable<result<void>> send(std::string_view head,
                                      std::span<const std::string_view> body) override {
        return call_.send(head, body);
    }
    net::awaitable<result<net::call_answer>> read_head() override { return call_.read_head(); }
    net::awaitable<result<std::string_view>> read_some() override { return call_.read_some(); }
    std::string_view read_buffered() override { return call_.read_buffered(); }
    net::awaitable<void> finish() override { return call_.finish(); }
    void abort(errc why) noexcept override { call_.abort(why); }
    bool ended() const noexcept override { return call_.ended(); }
    bool failed_stale() const noexcept override { return call_.failed_stale(); }
    bool accepted() const noexcept override { return call_.accepted(); }
    bool sent() const noexcept override { return call_.sent(); }

private:
    net::http_call call_;
};

void append_field(std::string& head, std::string_view name, std::string_view value) {
    if (!value.empty() && net::is_valid_field_value(value)) {
        head.append(name).append(": ").append(value).append("\r\n");
    }
}

void append_credential(std::string& head, const policy::provider& at) {
    const auto& key = at.api_key.expose();
    switch (at.auth) {
        case policy::auth_style::none:
            break;
        case policy::auth_style::bearer:
            if (!key.empty()) {
                head.append("authorization: Bearer ").append(key).append("\r\n");
            }
            break;
        case policy::auth_style::x_api_key:
            append_field(head, "x-api-key", key);
            break;
        case policy::auth_style::api_key:
            append_field(head, "api-key", key);
            break;
        case policy::auth_style::x_goog_api_key:
            append_field(head, "x-goog-api-key", key);
            break;
    }
}

}  // namespace

std::unique_ptr<upstream_call> make_http_call(net::io_thread& thread, const policy::provider& at) {
    net::upstream_target target;
    target.tls = at.where.tls;
    target.host = at.where.host;
    target.port = at.where.port;
    target.trusted = at.trusted_address;
    if (at.proxy) {
        target.proxy_host = at.proxy->host;
        target.proxy_port = at.proxy->port;
    }
    net::call_settings how;
    how.connect = at.timeouts.connect;
    how.first_byte = at.timeouts.first_byte;
    how.idle = at.timeouts.stream_idle;
    how.head_max = at.head_bytes_max;
    return std::make_unique<http_upstream>(thread.upstreams(), target, how);
}

std::string compose_upstream_head(const policy::provider& at,
                                  std::string_view endpoint,
                                  const net::exchange& ex,
                                  bool stream,
                                  std::size_t body_size) {
    std::string head;
    head.reserve(512);
    for (const std::string_view piece :
         {std::string_view("POST "),
          std::string_view(at.where.path),
          endpoint,
          std::string_view(" HTTP/1.1\r\nhost: "),
          std::string_view(at.authority),
          std::string_view("\r\ncontent-type: application/json\r\naccept: "),
          stream ? std::string_view("text/event-stream") : std::string_view("application/json"),
          std::string_view("\r\naccept-encoding: identity\r\nuser-agent: GaiaRouter/"),
          version,
          std::string_view("\r\ncontent-length: ")}) {
        head.append(piece);
    }
    const fmt::format_int size(body_size);
    head.append(size.data(), size.size()).append("\r\n");
    append_credential(head, at);
    append_field(head, "x-request-id", ex.request_id());
    for (const auto name : passed_on) {
        append_field(head, name, ex.header(name));
    }
    for (const auto& [name, value] : at.headers) {
        append_field(head, name, value);
    }
    head += "\r\n";
    return head;
}

}  // namespace gaia::relay
