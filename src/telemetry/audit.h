// The audit log of a running node: entries from any thread, written by one, at a bounded rate.
//
// What is in it: what somebody may have to account for later (configurations, keys that were
// refused, models that were verified, leaks that were stopped). Never a secret, never text of a
// request: those who may read the log need not be those who may read requests.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

namespace nearside::telemetry {

struct AuditOptions {
  std::string file;
  std::string key_file;  // private key (PEM) that signs the entries
  /// Entries of one event that wait to be written; more are counted and told with the next.
  std::size_t waiting_max = 1024;
  /// Of one event, so that whoever guesses keys cannot fill the disk: about 35 MB a day. More are
  /// counted and told with the next.
  std::size_t per_minute_max = 60;
};

/// Where the log ends, to be kept elsewhere: a cut-off end is found by nothing else.
struct AuditEnd {
  std::uint64_t entries = 0;
  std::string head;  // as `nearside audit verify --head` takes it
};

/// Thread-safe.
class Audit {
 public:
  using Field = std::pair<std::string_view, std::string_view>;  // name in snake case, value (UTF-8)

  /// Errors: those of reading the key and of trust::AuditLog::open, with the file's name.
  static base::Result<std::unique_ptr<Audit>> open(const AuditOptions& options,
                                                   const base::Clock& clock, base::Logger& log);
  /// Writes what waits.
  virtual ~Audit() = default;

  /// Later, in order; does not block. A value that is no UTF-8 is replaced by a sentence.
  virtual void note(std::string_view event, std::initializer_list<Field> fields) = 0;
  /// On disk when it returns, whatever the rate. Errors: kIo.
  virtual base::Status write(std::string_view event, std::initializer_list<Field> fields) = 0;
  [[nodiscard]] virtual AuditEnd end() const = 0;
  /// False once an entry could not be written.
  [[nodiscard]] virtual bool healthy() const = 0;
};

}  // namespace nearside::telemetry
