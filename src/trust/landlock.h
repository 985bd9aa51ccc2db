// Landlock: the kernel's way for a process to give up files, TCP and signals.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace nearside::trust {

/// The newest ABI of this kernel; 0 when it has none or it is turned off at boot.
int landlock_abi();

/// Denies the calling thread everything that `abi` can deny: no rule grants anything back.
/// REQUIRES: 1 <= abi <= landlock_abi(); no_new_privs is set. Errors: kIo.
base::Status landlock_deny_all(int abi);

/// Files that stay open to a confined thread. Paths that do not exist are passed over; symbolic
/// links are followed.
struct LandlockRules {
  std::vector<std::string> read;   // files; folders with all that they hold now and later
  std::vector<std::string> list;   // folders in which names, and no more, may be read
  std::vector<std::string> write;  // folders in which files may be read, changed, made and removed
};

/// Denies the calling thread, and every thread and process that it starts, all other files, running
/// programs, and looking into processes that are not so confined: their memory, their descriptors,
/// tracing them, also as root. The network and signals stay. Cannot be undone.
/// Errors: kUnsupported (no Landlock in this kernel), kIo.
base::Status landlock_confine(const LandlockRules& rules);

}  // namespace nearside::trust
