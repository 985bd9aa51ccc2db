#include "trust/syscall_filter.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "trust/diagnostic_calls.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

// Calls allowed whatever their arguments.
constexpr std::array kAllowed = {
    // Descriptors that are open already. No lseek, dup, fcntl or ioctl: nothing needs them.
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(fstat),
    // Memory; mmap and mprotect are below.
    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    // Threads; clone is below.
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_setaffinity), SCMP_SYS(getcpu), SCMP_SYS(gettid),
    SCMP_SYS(getpid), SCMP_SYS(membarrier), SCMP_SYS(exit), SCMP_SYS(exit_group),
    // Time, randomness, how much memory there is (the C library's sort asks).
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(sysinfo), SCMP_SYS(getrusage),
    // Signals to oneself; tgkill is below.
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall)};

constexpr unsigned kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};
using Filter = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, Release>;

/// libseccomp returns a negative errno.
base::Status check(int outcome, const char* what) {
  if (outcome == 0) return {};
  return fail(Code::kIo, "cannot {} in the system call filter: {}", what, std::strerror(-outcome));
}

struct Condition {
  int call;
  scmp_arg_cmp argument;
};

base::Status add_rules(void* filter) {
  for (const std::span<const int> calls : {std::span<const int>(kAllowed), diagnostic_calls()})
    for (const int call : calls)
      TRY(check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0), "allow a call"));
  const std::array conditions = {
      // No memory that can be run: code injected into the worker stays data.
      Condition{SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
      Condition{SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
      // Threads of this process, in this process's namespaces.
      Condition{SCMP_SYS(clone),
                SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | kNewNamespaces, CLONE_THREAD)},
      // abort() signals its own thread.
      Condition{SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()))},
      Condition{SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)},
  };
  for (const Condition& condition : conditions)
    TRY(check(
        seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, condition.call, 1, &condition.argument),
        "allow a call with a condition"));
  return check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0),
               "refuse clone3");
}

}  // namespace

base::Status load_worker_syscall_filter() {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (filter == nullptr) return fail(Code::kIo, "cannot create a system call filter");
  TRY(check(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1), "reach all threads"));
  // Kernels before 4.14 cannot log; they still refuse.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_LOG, 1);
  TRY(add_rules(filter.get()));
  const int outcome = seccomp_load(filter.get());
  if (outcome == -EINVAL || outcome == -ENOSYS)
    return fail(Code::kUnsupported,
                "this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER), which workers need");
  return check(outcome, "start");
}

}  // namespace nearside::trust
