// The audit log: what must be provable later, in entries that cannot be changed unnoticed.
//
// A text file, one JSON object a line. Each entry holds the hash of the one before and a signature
// over itself, so an entry that was removed, changed, inserted or moved is found, and nobody
// without the key can write one. What a chain cannot show by itself is that its end was cut off:
// for that the head (number and hash of the last entry) is kept elsewhere too, and given to verify.
// docs/formats/audit.md has the layout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "trust/private_key.h"
#include "trust/sha256.h"

namespace nearside::trust {

/// Where a log ends.
struct AuditHead {
  std::uint64_t entries = 0;
  Sha256 hash{};  // of the last entry's line; zeros when there is none

  /// "17:0123...": for a terminal, a ticket, another machine.
  [[nodiscard]] std::string text() const;
  /// Errors: kInvalidArgument.
  static base::Result<AuditHead> parse(std::string_view text);
};

struct AuditField {
  std::string_view name;   // lower snake case
  std::string_view value;  // UTF-8; no secrets, no text of requests
};

inline constexpr std::size_t kAuditLineBytesMax = 64U << 10;

/// Appends. One process at a time: the file is locked. Not thread-safe.
class AuditLog {
 public:
  /// Opens or makes the file, and checks its last entry, after which it goes on. A last line that a
  /// crash cut short is moved to `path`.torn, and the next entry says so. `clock` outlives the log.
  /// Errors: kExhausted (another process has it), kIo, kCorrupt (the last entry does not hold).
  static base::Result<AuditLog> open(const std::string& path, const PrivateKey& key,
                                     const base::Clock& clock);

  /// Durable when it returns. Errors: kIo, kTooLarge (kAuditLineBytesMax), kInvalidArgument (not
  /// UTF-8).
  base::Status append(std::string_view event, const std::vector<AuditField>& fields);

  [[nodiscard]] const AuditHead& head() const { return head_; }

 private:
  AuditLog(base::UniqueFd file, AuditHead head, PrivateKey key, const base::Clock& clock)
      : file_(std::move(file)), head_(head), key_(std::move(key)), clock_(&clock) {}
  base::UniqueFd file_;
  AuditHead head_;
  PrivateKey key_;
  const base::Clock* clock_;
};

/// Something wrong with a log.
struct AuditFinding {
  std::uint64_t line = 0;  // counted from 1
  std::string what;
};

struct AuditReport {
  AuditHead head;                      // of what was read
  std::vector<AuditFinding> findings;  // empty: the log holds; at most 100
};

/// Reads a whole log. `expected` is a head kept elsewhere: the log must have had it.
AuditReport verify_audit_log(std::string_view log, const PublicKey& key,
                             const std::optional<AuditHead>& expected);

}  // namespace nearside::trust
