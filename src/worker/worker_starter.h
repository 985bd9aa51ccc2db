// A process that starts workers for a gateway which gave up the right to.
//
// A confined gateway (trust::landlock_confine) may not open what opens sealed weights, and neither
// may what it starts itself. So a starter is forked off before: it stays outside, starts one
// program and no other, and hands each worker to the gateway as the gateway's own child. Whoever
// takes over the gateway can have workers started, and be answered by them; it can neither read
// their memory nor the files that they opened.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace nearside::worker {

inline constexpr std::size_t kArgumentsBytesMax = std::size_t{32} << 10;

/// Thread-safe. Its process ends when the object does, or when this process dies.
class WorkerStarter {
 public:
  /// Forks. `program` is what workers run. REQUIRES: this process has one thread, which lives as
  /// long as workers shall (they end with it). Errors: kIo.
  static base::Result<std::unique_ptr<WorkerStarter>> start(
      const std::string& program = "/proc/self/exe");
  ~WorkerStarter();
  WorkerStarter(const WorkerStarter&) = delete;
  WorkerStarter& operator=(const WorkerStarter&) = delete;

  /// A child of this process: with null streams, `errors` as its standard error, `channel` and
  /// `files` from descriptor kChannelFd on, nothing else, no environment, a process group of its
  /// own. REQUIRES: the first argument is "worker"; the starter starts nothing else.
  /// Errors: kIo (the program cannot be run, the starter is gone), kTooLarge (kArgumentsBytesMax).
  base::Result<pid_t> spawn(const std::vector<std::string>& arguments, int channel, int errors,
                            std::span<const base::UniqueFd> files);

 private:
  WorkerStarter(pid_t pid, base::UniqueFd wire) : pid_(pid), wire_(std::move(wire)) {}
  const pid_t pid_;
  std::mutex mutex_;  // one question at a time on wire_
  base::UniqueFd wire_;
};

}  // namespace nearside::worker
