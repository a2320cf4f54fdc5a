#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "core/store/store.hpp"
#include "tests/unit/core/store/temporary_folder.hpp"

using namespace gaia::store;
using gaia::testing::temporary_folder;

namespace {

store::awaitable<void> ask(store& at, int& right) {
    const auto here = std::this_thread::get_id();
    store::operation<std::int64_t> look = [](database& db) -> gaia::result<std::int64_t> {
        return db.query_integer("SELECT count(*) FROM organizations");
    };
    const auto found = co_await at.run<std::int64_t>(access::read, std::move(look));
    right += found.has_value() && *found == 1 && std::this_thread::get_id() == here ? 1 : 0;

    store::operation<void> refuse = [](database&) -> gaia::result<void> {
        return gaia::fail(gaia::errc::conflict);
    };
    const auto refused = co_await at.run<void>(access::write, std::move(refuse));
    right += refused.has_error() && refused.error().what == gaia::errc::conflict ? 1 : 0;
}

}  // namespace

TEST_CASE("store: run resumes on the executor it was called on", "[store]") {
    temporary_folder home;
    auto opened = *store::open(*data_folder::open(home.path()), {});
    boost::asio::io_context io(1);
    int right = 0;
    for (int i = 0; i < 20; ++i) {
        boost::asio::co_spawn(io, ask(*opened, right), boost::asio::detached);
    }
    io.run();
    CHECK(right == 40);
}
