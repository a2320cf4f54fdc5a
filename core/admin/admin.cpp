#include "core/admin/admin.hpp"

#include "core/policy/authenticate.hpp"

namespace gaia::admin {

net::awaitable<const policy::key_record*> require_key(net::exchange& ex,
                                                      const policy::snapshot& known,
                                                      unsigned any_of) {
    const auto key = policy::authenticate(known, policy::presented_credentials::of(ex), wall_now());
    if (!key) {
        co_await ex.reply_error(key.error());
        co_return nullptr;
    }
    if (const auto allowed = policy::require(**key, any_of); !allowed) {
        co_await ex.reply_error(allowed.error());
        co_return nullptr;
    }
    co_return *key;
}

}  // namespace gaia::admin
