// Landlock: the kernel's way for a process to give up files, TCP and signals.
#pragma once

#include "base/result.h"

namespace nearside::trust {

/// The newest ABI of this kernel; 0 when it has none or it is turned off at boot.
int landlock_abi();

/// Denies the calling thread everything that `abi` can deny: no rule grants anything back.
/// REQUIRES: 1 <= abi <= landlock_abi(); no_new_privs is set. Errors: kIo.
base::Status landlock_deny_all(int abi);

}  // namespace nearside::trust
