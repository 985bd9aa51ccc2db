// The allow-list of system calls of a worker process.
#pragma once

#include "base/result.h"

namespace nearside::trust {

/// Loads the filter for every thread of the process. What it lets through is listed in
/// syscall_filter.cc; what it does with the rest is argued at enter_worker_sandbox().
/// REQUIRES: no_new_privs is set. Errors: kUnsupported (no seccomp filters), kIo.
base::Status load_worker_syscall_filter();

}  // namespace nearside::trust
