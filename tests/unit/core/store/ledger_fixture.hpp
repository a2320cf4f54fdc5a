#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "core/store/database.hpp"
#include "core/store/ledger.hpp"
#include "core/store/migrations.hpp"
#include "tests/unit/core/store/temporary_folder.hpp"

namespace gaia::testing {

inline policy::usage_begin begin_of(std::int64_t id) {
    policy::usage_begin what;
    what.id = {id};
    what.key = {7};
    what.organization = {1};
    what.started = {1'000'000 + id};
    what.model_asked = "fast";
    what.model_served = "gpt-4o-mini";
    what.provider = "local";
    what.stream = true;
    what.prompt_tokens_estimate = 11;
    return what;
}

inline policy::usage_settle settle_of(std::int64_t id) {
    policy::usage_settle what;
    what.id = {id};
    what.key = {7};
    what.organization = {1};
    what.started = {1'000'000 + id};
    what.model_asked = "fast";
    what.model_served = "gpt-4o-mini";
    what.provider = "local";
    what.usage.prompt = 10;
    what.usage.completion = id;
    what.source = chat::usage_source::reported;
    what.cost = nanos{1000 + id};
    what.status = 200;
    what.finish_reason = "stop";
    what.stream = true;
    what.total_us = 5000;
    what.first_token_us = 100;
    what.overhead_us = 40;
    what.attempts = 1;
    return what;
}

// A migrated database and a ledger folder in a temporary folder.
struct ledger_fixture {
    temporary_folder home;
    std::string folder = home.file("ledger");
    store::database db = make();

    store::database make() {
        std::filesystem::create_directories(folder);
        store::database made(home.file("test.db"), store::open_mode::read_write);
        store::migrate(made, store::embedded_migrations());
        return made;
    }
    std::unique_ptr<store::ledger> make_ledger(std::size_t limit = 64 * 1024 * 1024,
                                               std::uint64_t first = 1) const {
        store::ledger_options how;
        how.folder = folder;
        how.segment_bytes = 16 * 1024;
        how.limit_bytes = limit;
        return std::make_unique<store::ledger>(how, first);
    }
    std::int64_t count(const std::string& where = "1") {
        return db.query_integer("SELECT count(*) FROM usage_rows WHERE " + where);
    }
};

inline std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void spill(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

}  // namespace gaia::testing
