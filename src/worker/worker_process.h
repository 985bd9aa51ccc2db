// A worker process as its parent holds it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace nearside::worker {

class WorkerStarter;

/// What to run. The child gets the channel as descriptor 3 and the files from descriptor 4 on: the
/// model, then its adapters, then its draft.
struct WorkerCommand {
  std::string program;                 // a path; "/proc/self/exe" is this program
  std::vector<std::string> arguments;  // after the program's name
};

inline constexpr int kChannelFd = 3;
inline constexpr int kModelFd = 4;
inline constexpr std::size_t kFilesMax = 70;  // more than a model and what belongs to it ever are

/// Owns the child: destroying kills and reaps it. Not thread-safe.
class WorkerProcess {
 public:
  /// The child inherits the two descriptors and neither other descriptors nor the environment,
  /// which may hold keys; its standard error comes to errors(). It has a process group of its own,
  /// so that an interrupt from the terminal reaches only the gateway, which then lets it go.
  /// With a starter it is the starter that runs its own program, with the command's arguments.
  /// REQUIRES: 1 to kFilesMax files.
  /// Errors: kIo (no descriptors or processes left, or the program cannot be run).
  static base::Result<WorkerProcess> spawn(const WorkerCommand& command,
                                           std::span<const base::UniqueFd> files,
                                           WorkerStarter* starter = nullptr);

  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&&) = delete;
  ~WorkerProcess();

  /// Our end of the socket pair, non-blocking.
  [[nodiscard]] const base::UniqueFd& channel() const { return channel_; }
  /// What the child writes to its standard error, non-blocking. Stays open after end().
  [[nodiscard]] const base::UniqueFd& errors() const { return errors_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// At once. end() is still to be called.
  void kill();
  /// Kills the child if it lives, reaps it and says how it ended: "was killed by signal 9
  /// (Killed)". A child that has closed its channel is given a moment to end by itself.
  std::string end();

 private:
  WorkerProcess(pid_t pid, base::UniqueFd channel, base::UniqueFd errors)
      : pid_(pid), channel_(std::move(channel)), errors_(std::move(errors)) {}
  pid_t pid_ = -1;  // -1: reaped, or moved from
  base::UniqueFd channel_;
  base::UniqueFd errors_;
};

}  // namespace nearside::worker
