#include "core/store/database.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <utility>

namespace gaia::store {
namespace {

[[noreturn]] void raise(sqlite3* connection, int code) {
    const char* text = connection ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    throw database_error(code & 0xFF, text ? text : "unknown database error");
}

void execute_raw(sqlite3* connection, const char* sql) {
    if (const int code = sqlite3_exec(connection, sql, nullptr, nullptr, nullptr);
        code != SQLITE_OK) {
        raise(connection, code);
    }
}

// SQLite would create the file with the rights the umask leaves; its -wal and -shm follow the
// file's.
void create_private(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) {
        ::close(file);
    }  // else: sqlite3_open_v2 says why
}

int remember_log_pages(void* pages, sqlite3*, const char*, int count) {
    *static_cast<int*>(pages) = count;
    return SQLITE_OK;
}

constexpr int busy_timeout_ms = 250;

constexpr const char* pragmas_read_write =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA journal_size_limit = 16777216;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA temp_store = MEMORY;";

constexpr const char* pragmas_read_only =
    "PRAGMA query_only = ON;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA temp_store = MEMORY;";

}  // namespace

bool database_error::busy() const noexcept {
    return code_ == SQLITE_BUSY || code_ == SQLITE_LOCKED;
}

bool database_error::full() const noexcept {
    return code_ == SQLITE_FULL || code_ == SQLITE_IOERR || code_ == SQLITE_CANTOPEN ||
           code_ == SQLITE_READONLY;
}

bool database_error::damaged() const noexcept {
    return code_ == SQLITE_CORRUPT || code_ == SQLITE_NOTADB;
}

bool database_error::constraint() const noexcept {
    return code_ == SQLITE_CONSTRAINT;
}

statement::statement(sqlite3* connection, std::string_view sql, bool keep)
    : connection_(connection) {
    check(sqlite3_prepare_v3(connection,
                             sql.data(),
                             static_cast<int>(sql.size()),
                             keep ? SQLITE_PREPARE_PERSISTENT : 0,
                             &handle_,
                             nullptr));
}

statement::~statement() {
    sqlite3_finalize(handle_);
}

void statement::check(int code) const {
    if (code != SQLITE_OK) {
        raise(connection_, code);
    }
}

statement& statement::bind(int at, std::int64_t value) {
    check(sqlite3_bind_int64(handle_, at, value));
    return *this;
}

statement& statement::bind(int at, std::optional<std::int64_t> value) {
    return value ? bind(at, *value) : bind_null(at);
}

statement& statement::bind(int at, std::string_view text) {
    // A null pointer would bind NULL where an empty text is meant.
    const char* data = text.data() ? text.data() : "";
    check(sqlite3_bind_text64(handle_, at, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
    return *this;
}

statement& statement::bind_blob(int at, std::string_view bytes) {
    const char* data = bytes.data() ? bytes.data() : "";
    check(sqlite3_bind_blob64(handle_, at, data, bytes.size(), SQLITE_STATIC));
    return *this;
}

statement& statement::bind_null(int at) {
    check(sqlite3_bind_null(handle_, at));
    return *this;
}

bool statement::step() {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        const database_error error(code & 0xFF, sqlite3_errmsg(connection_));
        reset();
        throw error;
    }
    reset();
    return false;
}

void statement::run() {
    while (step()) {
    }
}

void statement::reset() noexcept {
    sqlite3_reset(handle_);
}

std::int64_t statement::integer(int column) const {
    return sqlite3_column_int64(handle_, column);
}

std::optional<std::int64_t> statement::maybe_integer(int column) const {
    if (sqlite3_column_type(handle_, column) == SQLITE_NULL) {
        return std::nullopt;
    }
    return integer(column);
}

std::string_view statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    return bytes ? std::string_view(bytes,
                                    static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)))
                 : std::string_view{};
}

std::string_view statement::blob(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
    return bytes ? std::string_view(bytes,
                                    static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)))
                 : std::string_view{};
}

database::database(const std::string& path, open_mode mode) {
    const bool writes = mode == open_mode::read_write;
    if (writes) {
        create_private(path);
    }
    const int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &connection_, flags, nullptr);
    try {
        if (code != SQLITE_OK) {
            raise(connection_, code);
        }
        sqlite3_busy_timeout(connection_, busy_timeout_ms);
        sqlite3_db_config(connection_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        sqlite3_db_config(connection_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
        // Closing must not checkpoint behind the writer's back.
        sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        execute_raw(connection_, writes ? pragmas_read_write : pragmas_read_only);
        log_pages_ = std::make_unique<int>(0);
        sqlite3_wal_hook(connection_, &remember_log_pages, log_pages_.get());
    } catch (...) {
        sqlite3_close_v2(connection_);
        throw;
    }
}

database::~database() {
    sqlite3_close_v2(connection_);
}

database::database(database&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      log_pages_(std::move(other.log_pages_)) {}

database& database::operator=(database&& other) noexcept {
    std::swap(connection_, other.connection_);
    std::swap(log_pages_, other.log_pages_);
    return *this;
}

void database::execute(std::string_view sql) {
    execute_raw(connection_, std::string(sql).c_str());
}

std::int64_t database::query_integer(std::string_view sql) {
    auto query = prepare(sql);
    return query.step() ? query.integer(0) : 0;
}

std::string database::query_text(std::string_view sql) {
    auto query = prepare(sql);
    return query.step() ? std::string(query.text(0)) : std::string();
}

std::int64_t database::last_insert_id() const noexcept {
    return sqlite3_last_insert_rowid(connection_);
}

std::int64_t database::changes() const noexcept {
    return sqlite3_changes64(connection_);
}

bool database::in_transaction() const noexcept {
    return sqlite3_get_autocommit(connection_) == 0;
}

void database::set_busy_timeout(int milliseconds) {
    sqlite3_busy_timeout(connection_, milliseconds);
}

bool database::checkpoint() noexcept {
    return sqlite3_wal_checkpoint_v2(
               connection_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) == SQLITE_OK;
}

void database::rollback() noexcept {
    // ignored: SQLite has rolled back by itself after a full disk or an I/O error.
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
}

transaction::transaction(database& db, kind how) : db_(db) {
    db_.execute(how == kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

transaction::~transaction() {
    if (open_) {
        db_.rollback();
    }
}

void transaction::commit() {
    db_.execute("COMMIT");  // on failure the destructor rolls back
    open_ = false;
}

}  // namespace gaia::store
