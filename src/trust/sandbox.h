// The cage of a worker process: memory, threads, the descriptors it already has, and nothing else.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>

#include "base/result.h"

namespace nearside::trust {

struct SandboxOptions {
  /// Descriptors numbered from here on can never be made (RLIMIT_NOFILE). The default leaves the
  /// standard streams and a few handed over.
  std::size_t open_files_max = 8;
  /// Newest Landlock ABI to use; 0 does without. For tests, and for kernels whose Landlock is
  /// broken.
  int landlock_abi_max = std::numeric_limits<int>::max();
};

/// What the kernel gave.
struct SandboxReport {
  int landlock_abi = 0;  // 0: the kernel has none, or it is turned off

  /// "seccomp, landlock ABI 4 (files, TCP)", for the log.
  [[nodiscard]] std::string text() const;
};

/// Shuts the calling process in for good. Afterwards:
///
/// - memory can be mapped, but never executable; threads can be started, processes cannot;
/// - open descriptors can be read, written, polled and closed; no file, socket or pipe can be
///   opened, no program run, no other process signalled or traced;
/// - the process leaves no core dump and cannot be traced by others of its user.
///
/// Everything not allowed fails with EPERM and is logged by the kernel's audit where that runs;
/// nothing is killed. A killed process would be a clearer alarm, but the C library probes (is this
/// a terminal? how many processors?) and falls back when refused, differently in each version:
/// killing would turn an upgrade of it into an outage, and gains nothing, since a refused call is
/// as void as a dead one. clone3 alone fails with ENOSYS: a filter cannot see its flags, and the C
/// library then uses clone.
///
/// Two layers, because each covers the other's gaps: the seccomp filter is an allow-list of system
/// calls; Landlock denies the objects (all files, TCP, signals and abstract sockets of others as
/// far as the kernel's ABI goes), also by calls that kernels to come may add.
///
/// REQUIRES: the process is single-threaded, because Landlock binds the calling thread and those
/// that it starts.
/// Errors: kUnsupported (a kernel without seccomp filters), kIo (the kernel refused a step). After
/// an error the process may be half shut in: exit.
base::Result<SandboxReport> enter_worker_sandbox(const SandboxOptions& options = {});

/// Keeps mapped bytes out of core dumps, also those that the machine's owner takes. Rounds out to
/// whole pages. Errors: kIo.
base::Status exclude_from_core_dumps(std::span<const std::byte> bytes);

}  // namespace nearside::trust
