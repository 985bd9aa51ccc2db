// System calls that only a build with sanitizers makes inside the sandbox.
#pragma once

#include <span>

namespace nearside::trust {

/// Numbers of system calls to allow besides the list in syscall_filter.cc. Which file defines this
/// is CMake's choice: diagnostic_calls_none.cc, always empty, or diagnostic_calls_sanitizer.cc.
std::span<const int> diagnostic_calls();

}  // namespace nearside::trust
