// SQLite as values: a connection, its statements and transactions.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace nearside::store {

/// A prepared statement. Lives no longer than its Database. Not thread-safe.
///
/// Errors of all calls: kUnavailable (locked by someone else), kExhausted (disk or size limit
/// full), kCorrupt (not a database, or damaged), kInvalidArgument (a constraint), kIo (the rest).
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  /// Parameters count from 1. Text is copied. REQUIRES: the index exists.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, std::nullptr_t);
  template <typename T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind(index, nullptr);
  }

  /// True: there is a row to read. False: done.
  base::Result<bool> step();
  /// step() to the end, then reset: for statements without rows.
  base::Status run();
  /// Ready for new parameters; those bound stay until replaced.
  void reset();

  [[nodiscard]] int column_count() const;
  /// "" for an unnamed one.
  [[nodiscard]] std::string column_name(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] bool is_text(int column) const;
  [[nodiscard]] bool is_real(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_ = nullptr;
};

struct OpenOptions {
  bool read_only = false;
  std::chrono::milliseconds busy_timeout{200};  // how long a call waits for a lock
};

/// A connection. Not thread-safe: one thread at a time.
class Database {
 public:
  /// Errors: those of Statement; kIo with the operating system's reason when it cannot be opened.
  static base::Result<Database> open(const std::string& path, const OpenOptions& options = {});
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  /// One or more statements without parameters; rows are dropped.
  base::Status execute(const std::string& sql);
  base::Result<Statement> prepare(std::string_view sql);
  /// The first column of the first row of a query without parameters. Errors: kNotFound (no row).
  base::Result<std::int64_t> integer(const std::string& sql);
  /// Rows changed by the last statement.
  [[nodiscard]] std::int64_t changes() const;

 private:
  explicit Database(sqlite3* connection) : connection_(connection) {}
  sqlite3* connection_ = nullptr;
};

/// Begins at once with the write lock; rolls back unless committed.
class Transaction {
 public:
  static base::Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// After an error the transaction has been rolled back.
  base::Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace nearside::store
