// One durable record for each request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/result.h"
#include "telemetry/record.h"

namespace nearside::telemetry {

/// Called once, when the record is safe or cannot be made so: from the ledger's thread, or from
/// within finish(). Must not block and must not call the ledger.
using OnDurable = std::function<void(base::Status)>;

/// What a record has to survive before the last byte of its reply may leave.
enum class LedgerSync : std::uint8_t {
  kEachReply,   // a loss of power: the disk is waited for, once for all replies that wait
  kEachSecond,  // the death of the process; a loss of power takes the last second
};

struct LedgerOptions {
  LedgerSync sync = LedgerSync::kEachReply;
  /// Records wait so long for others before they are put into the table together. What a killed
  /// node has begun within twice this time leaves no trace; what it has ended does.
  std::chrono::milliseconds write_delay{10};
  /// Of the file of records that are not in the table yet; when it is full, requests are refused.
  std::size_t journal_bytes = 32U << 20;
  /// The table's file grows no further; writing then fails as on a full disk. 0: only the disk is
  /// the limit.
  std::size_t file_bytes_max = 0;
};

/// A SQLite table that one thread writes, many records to a transaction, and beside it a journal
/// (PATH.pending, row_journal.h) that a record goes to at once: a reply waits for the journal only.
/// Thread-safe.
///
/// A request has a record from its decision on: `begin` has it written as `open` without anyone
/// waiting, `finish` replaces it. Records that a killed node left open are marked `interrupted`
/// when the ledger is opened again, and those it left in the journal are put into the table.
///
/// While the table cannot be written (locked, disk full) records wait in the journal; when that is
/// full too, nothing is served that could not be accounted for. While it is only slow, replies
/// are.
class Ledger {
 public:
  /// Creates the file if absent. Errors: kIo (cannot be opened or written), kCorrupt (not a
  /// ledger), kUnsupported (written by a newer version), kUnavailable (another node uses it).
  static base::Result<std::unique_ptr<Ledger>> open(const std::string& path,
                                                    const LedgerOptions& options,
                                                    base::Logger& logger);
  /// Writes what waits, then closes. What the table does not take stays in the journal.
  virtual ~Ledger() = default;

  /// REQUIRES: record.outcome is kOpen. Errors: kExhausted (the journal is full): refuse the
  /// request.
  virtual base::Status begin(const Record& record) = 0;
  /// REQUIRES: record.outcome is not kOpen. `on_durable` is called when the record is safe, so that
  /// the last byte of the reply can follow. Errors: kExhausted (the journal is full), kTooLarge
  /// (it could never fit), kIo; then `on_durable` is not called, and the request stays open.
  virtual base::Status finish(const Record& record, OnDurable on_durable) = 0;

  /// The record as JSON (the columns by name, attempts and decision as JSON values). Waits until
  /// the table has every record so far, or cannot be written. Empty when there is none. Errors:
  /// those of store.
  virtual base::Result<std::optional<base::json::object>> find(const std::string& decision_id) = 0;

  /// False while the last write failed: /readyz and /metrics tell.
  [[nodiscard]] virtual bool healthy() const = 0;
  /// Records that the table refused for what is in them, since the start.
  [[nodiscard]] virtual std::uint64_t lost_count() const = 0;
  /// Records found open and marked interrupted by open().
  [[nodiscard]] virtual std::uint64_t interrupted_count() const = 0;
};

}  // namespace nearside::telemetry
