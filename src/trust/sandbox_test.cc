#include "trust/sandbox.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trust/diagnostic_calls.h"
#include "trust/landlock.h"

namespace nearside::trust {
namespace {

constexpr int kHeld = 0;
constexpr int kBroken = 1;
constexpr int kNotEntered = 2;

/// Runs `probe` inside the sandbox, in a process of its own. The probe says whether the sandbox
/// held.
void expect_inside(const std::function<bool()>& probe, const SandboxOptions& options = {}) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!enter_worker_sandbox(options)) ::_exit(kNotEntered);
    ::_exit(probe() ? kHeld : kBroken);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_NE(WEXITSTATUS(status), kNotEntered) << "the sandbox could not be entered";
  EXPECT_EQ(WEXITSTATUS(status), kHeld);
}

bool refused(long outcome) { return outcome == -1 && errno == EPERM; }

TEST(Sandbox, RefusesToOpenFiles) {
  expect_inside([] {
    return refused(::open("/etc/passwd", O_RDONLY)) && refused(::open("/tmp/x", O_CREAT, 0600)) &&
           refused(::syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", nullptr, 0)) &&
           refused(::syscall(SYS_memfd_create, "x", 0));
  });
}

TEST(Sandbox, RefusesToChangeFiles) {
  expect_inside([] {
    return refused(::unlink("/tmp/x")) && refused(::mkdir("/tmp/y", 0700)) &&
           refused(::rename("/tmp/x", "/tmp/y")) && refused(::chmod("/tmp", 0777));
  });
}

TEST(Sandbox, RefusesSockets) {
  expect_inside([] {
    int pair[2];
    return refused(::socket(AF_INET, SOCK_STREAM, 0)) &&
           refused(::socket(AF_UNIX, SOCK_DGRAM, 0)) &&
           refused(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  });
}

TEST(Sandbox, RefusesPipes) {
  if (!diagnostic_calls().empty()) GTEST_SKIP() << "this build's sanitizer needs pipes";
  expect_inside([] {
    int pair[2];
    return refused(::pipe(pair));
  });
}

TEST(Sandbox, RefusesToUseASocketThatWasOpenBefore) {
  const int inherited = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(inherited, 0);
  expect_inside([inherited] {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return refused(::connect(inherited, generic, sizeof(address))) &&
           refused(::bind(inherited, generic, sizeof(address))) &&
           refused(::sendto(inherited, "x", 1, 0, generic, sizeof(address)));
  });
  ::close(inherited);
}

TEST(Sandbox, RefusesToRunPrograms) {
  expect_inside([] {
    char name[] = "/bin/true";
    char* const arguments[] = {name, nullptr};
    return refused(::execv(name, arguments)) &&
           refused(::syscall(SYS_execveat, AT_FDCWD, name, arguments, nullptr, 0));
  });
}

TEST(Sandbox, RefusesNewProcesses) {
  expect_inside([] {
    return refused(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr)) &&
           refused(::syscall(SYS_vfork)) && refused(::syscall(SYS_fork));
  });
}

TEST(Sandbox, RefusesNewNamespacesForThreads) {
  expect_inside([] {
    return refused(::syscall(SYS_clone, CLONE_THREAD | CLONE_NEWNET, nullptr, nullptr, nullptr,
                             nullptr)) &&
           refused(::unshare(CLONE_NEWUSER));
  });
}

TEST(Sandbox, RefusesToTraceOrSignalOthers) {
  const pid_t parent = ::getpid();
  expect_inside([parent] {
    return refused(::ptrace(PTRACE_ATTACH, parent, nullptr, nullptr)) &&
           refused(::kill(parent, 0)) && refused(::syscall(SYS_tgkill, parent, parent, 0)) &&
           refused(::syscall(SYS_process_vm_readv, parent, nullptr, 0, nullptr, 0, 0));
  });
}

TEST(Sandbox, RefusesExecutableMemory) {
  expect_inside([] {
    constexpr std::size_t kBytes = 4096;
    void* direct =
        ::mmap(nullptr, kBytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (direct != MAP_FAILED || errno != EPERM) return false;
    void* plain =
        ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return plain != MAP_FAILED && refused(::mprotect(plain, kBytes, PROT_READ | PROT_EXEC));
  });
}

TEST(Sandbox, RefusesToLoosenItself) {
  expect_inside([] {
    const struct rlimit more { 100, 100 };
    return refused(::setrlimit(RLIMIT_NOFILE, &more)) &&
           refused(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)) && refused(::dup(0)) &&
           refused(::syscall(SYS_io_uring_setup, 1, nullptr)) &&
           refused(::syscall(SYS_bpf, 0, nullptr, 0));
  });
}

TEST(Sandbox, LeavesMemoryThreadsAndClocks) {
  expect_inside([] {
    std::atomic<int> sum = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&sum] {
        const std::vector<char> memory(std::size_t{8} << 20, 'x');
        sum += memory.back() == 'x' ? 1 : 0;
      });
    for (std::thread& thread : threads) thread.join();
    timespec now{};
    return sum == 4 && ::clock_gettime(CLOCK_MONOTONIC, &now) == 0;
  });
}

TEST(Sandbox, LeavesTheDescriptorsHandedOver) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  ASSERT_EQ(::write(pair[1], "ping", 4), 4);
  expect_inside([&pair] {
    pollfd ready{pair[0], POLLIN, 0};
    char bytes[4];
    return ::poll(&ready, 1, 0) == 1 && ::read(pair[0], bytes, 4) == 4 &&
           ::write(pair[0], "pong", 4) == 4;
  });
  char bytes[4];
  EXPECT_EQ(::read(pair[1], bytes, 4), 4);
  EXPECT_EQ(std::string_view(bytes, 4), "pong");
  ::close(pair[0]);
  ::close(pair[1]);
}

TEST(Sandbox, MapsAFileThatWasOpenBefore) {
  const int file = ::open("/proc/self/exe", O_RDONLY);
  ASSERT_GE(file, 0);
  expect_inside([file] {
    const void* bytes = ::mmap(nullptr, 4, PROT_READ, MAP_PRIVATE, file, 0);
    return bytes != MAP_FAILED && std::memcmp(bytes,
                                              "\x7f"
                                              "ELF",
                                              4) == 0;
  });
  ::close(file);
}

TEST(Sandbox, WorksWithoutLandlockAndWithEachOfItsVersions) {
  for (int abi = 0; abi <= landlock_abi(); ++abi) {
    SandboxOptions options;
    options.landlock_abi_max = abi;
    expect_inside([] { return refused(::open("/etc/passwd", O_RDONLY)); }, options);
  }
}

TEST(Sandbox, ReportsWhatTheKernelGave) {
  EXPECT_EQ(SandboxReport{0}.text(), "seccomp, no landlock");
  EXPECT_EQ(SandboxReport{1}.text(), "seccomp, landlock ABI 1 (files)");
  EXPECT_EQ(SandboxReport{6}.text(), "seccomp, landlock ABI 6 (files, TCP, signals)");
}

TEST(Landlock, AloneRefusesFiles) {
  if (landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!landlock_deny_all(landlock_abi())) ::_exit(kNotEntered);
    ::_exit(::open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES ? kHeld : kBroken);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), kHeld);
}

TEST(CoreDumps, ExcludeBytesThatDoNotStartAtAPage) {
  const std::vector<std::byte> bytes(10'000);
  EXPECT_TRUE(exclude_from_core_dumps(std::span(bytes).subspan(17)));
}

}  // namespace
}  // namespace nearside::trust
