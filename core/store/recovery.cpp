#include "core/store/recovery.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cerrno>
#include <functional>
#include <limits>
#include <system_error>
#include <vector>

#include "core/base/clock.hpp"
#include "core/store/ledger_segment.hpp"
#include "core/store/names.hpp"
#include "core/store/usage_table.hpp"

namespace gaia::store {
namespace {

constexpr std::size_t segment_bytes_max = std::size_t{64} * 1024 * 1024;

std::string read_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat about{};
    if (file < 0 || ::fstat(file, &about) != 0) {
        const int error = errno;
        if (file >= 0) {
            ::close(file);
        }
        throw std::system_error(error, std::generic_category(), path);
    }
    std::string content(std::min(static_cast<std::size_t>(about.st_size), segment_bytes_max), '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const auto got = ::read(file, content.data() + size, content.size() - size);
        if (got <= 0) {
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    ::close(file);
    content.resize(size);
    return content;
}

std::size_t checkpoint_of(database& db, std::uint64_t segment) {
    auto query = db.prepare("SELECT moved FROM ledger_checkpoints WHERE segment = ?1");
    query.bind(1, static_cast<std::int64_t>(segment));
    return query.step() ? static_cast<std::size_t>(query.integer(0)) : 0;
}

class replay {
public:
    explicit replay(database& db) : db_(db), names_(db), table_(db, names_) {}

    void settled_of(const segment_file& file, const std::string& content, recovery_report& report) {
        const std::size_t moved = checkpoint_of(db_, file.number);
        const auto scanned =
            scan_segment(content, file.number, [&](const record& found, std::size_t at) {
                if (found.type == record_type::settle) {
                    settled_.insert(found.id());
                    if (at >= moved) {
                        table_.insert(decode_settle(found));
                        ++report.settled;
                    }
                }
            });
        report.damaged += scanned.damaged;
    }

    void interrupted_of(const segment_file& file,
                        const std::string& content,
                        recovery_report& report) {
        scan_segment(content, file.number, [&](const record& found, std::size_t) {
            if (found.type == record_type::settle || settled_.contains(found.id())) {
                return;
            }
            // A begin whose settle was moved long ago may be left: its row is there and stays.
            table_.insert_interrupted(decode_begin(found));
            report.interrupted += static_cast<std::size_t>(db_.changes());
        });
    }

    void all_moved(const segment_file& file) {
        auto mark = db_.prepare(
            "INSERT INTO ledger_checkpoints (segment, moved) VALUES (?1, ?2)"
            " ON CONFLICT (segment) DO UPDATE SET moved = ?2");
        mark.bind(1, static_cast<std::int64_t>(file.number))
            .bind(2, std::numeric_limits<std::int64_t>::max())
            .run();
    }

private:
    database& db_;
    names names_;
    usage_table table_;
    boost::unordered_flat_set<std::int64_t> settled_;
};

}  // namespace

recovery_report recover(database& db, const std::string& folder) {
    recovery_report report;
    // Rises with time, so that a number does not come back when all files are gone.
    report.next_number = static_cast<std::uint64_t>(std::max<std::int64_t>(wall_now().value, 1));
    const auto files = list_segments(folder);
    report.segments = files.size();
    if (!files.empty()) {
        report.next_number = std::max(report.next_number, files.back().number + 1);
        transaction change(db, transaction::kind::write);
        replay into(db);
        // All settles before any begin: a carried begin may stand in a later file than its settle.
        for (const auto& file : files) {
            into.settled_of(file, read_file(file.path), report);
        }
        for (const auto& file : files) {
            into.interrupted_of(file, read_file(file.path), report);
            into.all_moved(file);
        }
        change.commit();
        for (const auto& file : files) {
            ::unlink(file.path.c_str());
        }
    }
    db.execute("DELETE FROM ledger_checkpoints");
    return report;
}

}  // namespace gaia::store
