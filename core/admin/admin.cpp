#include "core/admin/admin.hpp"

#include "core/net/io_thread.hpp"
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

net::awaitable<bool> require_admin(net::exchange& ex, const services& around) {
    if (ex.from_operator()) {
        co_return true;
    }
    const auto known = around.snapshot_of(ex.thread().index());
    co_return co_await require_key(ex, *known, policy::permission_admin) != nullptr;
}

}  // namespace gaia::admin
