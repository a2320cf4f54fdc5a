#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/base/nanos.hpp"
#include "core/chat/usage.hpp"

// The port through which the relay records money. Implemented by core/store (the ledger).
namespace gaia::policy {

// Written when a request is admitted, before anything goes upstream.
struct usage_begin {
    request_id id;
    key_id key;
    organization_id organization;
    unix_micros started;
    std::string_view model_asked;  // all strings are cut at 128 bytes in the ledger
    std::string_view provider;
    std::string_view model_served;
    bool stream = false;
    nanos reserved;
    std::int64_t prompt_tokens_estimate = 0;  // lower bound of an interrupted row
};

// Written once, on every exit path.
struct usage_settle {
    request_id id;
    unix_micros started;
    key_id key;
    organization_id organization;
    std::string_view model_asked;
    std::string_view model_served;
    std::string_view provider;
    chat::usage usage;
    chat::usage_source source = chat::usage_source::none;
    std::optional<nanos> cost;  // nullopt: unpriced
    int status = 0;             // HTTP status the client saw; 499 when it left before one
    std::optional<errc> error;  // also set when a stream failed after its 200
    std::string_view finish_reason;
    bool stream = false;
    std::int64_t total_us = 0;
    std::optional<std::int64_t> first_token_us;
    std::int64_t overhead_us = 0;  // own time: total less waiting for upstream and client
    int attempts = 0;
};

// Any I/O thread; never blocks on a disk. Each begin is followed by exactly one settle.
class usage_ledger {
public:
    virtual ~usage_ledger() = default;
    // false: the ledger is full and the request must be refused (usage_backlog).
    virtual bool begin(const usage_begin& record) noexcept = 0;
    virtual void settle(const usage_settle& record) noexcept = 0;
};

}  // namespace gaia::policy
