#include "trust/sandbox.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "trust/landlock.h"
#include "trust/syscall_filter.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

base::Status limit(__rlimit_resource resource, rlim_t value, const char* what) {
  // The hard limit too, so that it cannot be raised again.
  const struct rlimit limits { value, value };
  if (::setrlimit(resource, &limits) != 0)
    return fail(Code::kIo, "cannot limit {} to {}: {}", what, value, std::strerror(errno));
  return {};
}

base::Status set(int option, unsigned long value, const char* what) {
  if (::prctl(option, value, 0UL, 0UL, 0UL) != 0)
    return fail(Code::kIo, "cannot {}: {}", what, std::strerror(errno));
  return {};
}

}  // namespace

std::string SandboxReport::text() const {
  if (landlock_abi == 0) return "seccomp, no landlock";
  return fmt::format("seccomp, landlock ABI {} (files{}{})", landlock_abi,
                     landlock_abi >= 4 ? ", TCP" : "", landlock_abi >= 6 ? ", signals" : "");
}

base::Result<SandboxReport> enter_worker_sandbox(const SandboxOptions& options) {
  TRY(limit(RLIMIT_CORE, 0, "core dumps"));
  TRY(limit(RLIMIT_NOFILE, options.open_files_max, "open files"));
  TRY(set(PR_SET_DUMPABLE, 0, "make the process undumpable"));
  TRY(set(PR_SET_NO_NEW_PRIVS, 1, "give up new privileges"));
  SandboxReport report;
  report.landlock_abi = std::min(landlock_abi(), options.landlock_abi_max);
  if (report.landlock_abi > 0) TRY(landlock_deny_all(report.landlock_abi));
  // Last, because it forbids all of the above.
  TRY(load_worker_syscall_filter());
  return report;
}

base::Status exclude_from_core_dumps(std::span<const std::byte> bytes) {
  const auto page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data()) / page_bytes * page_bytes;
  const auto end = reinterpret_cast<std::uintptr_t>(bytes.data()) + bytes.size();
  if (::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTDUMP) != 0)
    return fail(Code::kIo, "cannot keep the model out of core dumps: {}", std::strerror(errno));
  return {};
}

}  // namespace nearside::trust
