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

/// Called once, from the ledger's writer thread, when the record is on the disk or cannot be put
/// there. Must not block and must not call the ledger.
using OnDurable = std::function<void(base::Status)>;

struct LedgerOptions {
  std::size_t queue_max = 8192;  // records that wait for the writer; one more is refused
  /// An open record waits so long for its end before it is written: a request that is over sooner
  /// costs one write instead of two. What a killed node has begun within this time leaves no trace.
  std::chrono::milliseconds open_delay{2};
  /// How long a record is retried while the file is locked or the disk is full, before it is given
  /// up and its OnDurable hears the error.
  std::chrono::milliseconds retry_for{5000};
  /// The file grows no further; writing then fails as on a full disk. 0: only the disk is the
  /// limit.
  std::size_t file_bytes_max = 0;
};

/// A SQLite file written by one thread, many records to a transaction (group commit): durability
/// costs one fsync for all requests that finish meanwhile, not one each. Thread-safe.
///
/// A request has a record from its decision on: `begin` has it written as `open` without anyone
/// waiting, `finish` replaces it. Records that a killed node left open are marked `interrupted`
/// when the ledger is opened again.
class Ledger {
 public:
  /// Creates the file if absent. Errors: kIo (cannot be opened or written), kCorrupt (not a
  /// ledger), kUnsupported (written by a newer version), kUnavailable (another node uses it).
  static base::Result<std::unique_ptr<Ledger>> open(const std::string& path,
                                                    const LedgerOptions& options,
                                                    base::Logger& logger);
  /// Writes what waits, then closes.
  virtual ~Ledger() = default;

  /// Queues the open record. Errors: kExhausted (queue full): refuse the request.
  virtual base::Status begin(Record record) = 0;
  /// REQUIRES: record.outcome is not kOpen. Queues the final record; `on_durable` is called when it
  /// is safe, so that the last byte of the reply can follow. Errors: kExhausted (queue full); then
  /// `on_durable` is not called.
  virtual base::Status finish(Record record, OnDurable on_durable) = 0;

  /// The record as JSON (the columns by name, attempts and decision as JSON values). Reads the
  /// file, so it sees what is durable. Empty when there is none. Errors: kIo.
  virtual base::Result<std::optional<base::json::object>> find(const std::string& decision_id) = 0;

  /// False while the last write failed: /readyz and /metrics tell.
  [[nodiscard]] virtual bool healthy() const = 0;
  /// Records given up since the start.
  [[nodiscard]] virtual std::uint64_t lost_count() const = 0;
  /// Records found open and marked interrupted by open().
  [[nodiscard]] virtual std::uint64_t interrupted_count() const = 0;
};

}  // namespace nearside::telemetry
