// The ledger's table: its schema, and records in and out of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "store/sqlite.h"

namespace nearside::telemetry {

/// Creates the table in an empty file, or checks that the file is a ledger of this version; sets
/// the journal to WAL. Errors: kCorrupt (another program's database), kUnsupported (newer version),
/// those of store.
base::Status prepare_ledger(store::Database& database, const std::string& path);

/// Marks records that are open as interrupted; returns how many.
base::Result<std::int64_t> interrupt_open_records(store::Database& database);

/// Makes all that was committed safe from a loss of power, whoever reads meanwhile. Errors: those
/// of store.
base::Status sync_ledger(store::Database& database);

/// Inserts a record, or replaces the one of the same decision. A record that is over is never
/// replaced by an open one.
class RecordWriter {
 public:
  static base::Result<RecordWriter> create(store::Database& database);
  /// `row` as of append_row(). Errors: kInvalidArgument (it is none), those of
  /// store.
  base::Status write(std::string_view row);

 private:
  explicit RecordWriter(store::Statement statement) : statement_(std::move(statement)) {}
  store::Statement statement_;
};

base::Result<std::optional<base::json::object>> find_record(store::Database& database,
                                                            const std::string& decision_id);

}  // namespace nearside::telemetry
