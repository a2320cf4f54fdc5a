#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

// A thin ownership layer over SQLite. Blocking. An object belongs to one thread at a time. Errors
// are thrown as database_error; the faces of this folder turn them into failures.
namespace gaia::store {

class database_error : public std::runtime_error {
public:
    database_error(int code, const std::string& text) : std::runtime_error(text), code_(code) {}
    int code() const noexcept { return code_; }  // SQLite's primary result code
    bool busy() const noexcept;                  // another connection holds the lock
    bool full() const noexcept;                  // no room, or the disk fails
    bool damaged() const noexcept;               // not a database, or a broken one
    bool constraint() const noexcept;

private:
    int code_;
};

// A prepared statement. Parameters are numbered from 1, columns from 0. Texts and blobs are not
// copied: they must live until the next reset().
class statement {
public:
    statement(sqlite3* connection, std::string_view sql, bool keep);
    ~statement();
    statement(const statement&) = delete;
    statement& operator=(const statement&) = delete;

    statement& bind(int at, std::int64_t value);
    statement& bind(int at, std::optional<std::int64_t> value);
    statement& bind(int at, std::string_view text);
    statement& bind_blob(int at, std::string_view bytes);
    statement& bind_null(int at);

    // True: a row is there. False: done, and reset.
    bool step();
    // Runs to the end and resets; for statements without rows of interest.
    void run();
    void reset() noexcept;

    std::int64_t integer(int column) const;
    std::optional<std::int64_t> maybe_integer(int column) const;
    // Good until the next step() or reset().
    std::string_view text(int column) const;
    std::string_view blob(int column) const;

private:
    void check(int code) const;
    sqlite3* connection_;
    sqlite3_stmt* handle_ = nullptr;
};

enum class open_mode : std::uint8_t {
    read_write,  // creates the file (0600); write-ahead log, synchronous=FULL, never checkpoints
    read_only,
};

// One connection.
class database {
public:
    // Throws database_error.
    database(const std::string& path, open_mode mode);
    ~database();
    database(database&&) noexcept;
    database& operator=(database&&) noexcept;

    void execute(std::string_view sql);  // any number of statements
    statement prepare(std::string_view sql) { return {connection_, sql, false}; }
    // For statements that are kept and used again and again.
    statement prepare_kept(std::string_view sql) { return {connection_, sql, true}; }
    std::int64_t query_integer(std::string_view sql);
    std::string query_text(std::string_view sql);

    std::int64_t last_insert_id() const noexcept;
    std::int64_t changes() const noexcept;  // by the last statement
    bool in_transaction() const noexcept;
    void rollback() noexcept;
    void set_busy_timeout(int milliseconds);
    // Moves what it can of the write-ahead log into the file, without waiting. The writer alone
    // calls this: older SQLite versions can corrupt a database that two connections checkpoint.
    // False: it could not.
    bool checkpoint() noexcept;
    // Pages in the write-ahead log after this connection's last commit.
    int log_pages() const noexcept { return log_pages_ ? *log_pages_ : 0; }

private:
    sqlite3* connection_ = nullptr;
    std::unique_ptr<int> log_pages_;  // SQLite's hook keeps its address
};

// Rolls back unless committed.
class transaction {
public:
    enum class kind : std::uint8_t { read, write };
    transaction(database& db, kind how);
    ~transaction();
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    void commit();

private:
    database& db_;
    bool open_ = true;
};

}  // namespace gaia::store
