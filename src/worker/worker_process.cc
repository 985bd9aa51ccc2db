#include "worker/worker_process.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "worker/worker_starter.h"

namespace nearside::worker {

using base::Code;
using base::fail;
using base::UniqueFd;

namespace {

// Descriptors to hand over are first moved above those they get in the child, so that placing one
// cannot overwrite the other.
constexpr int kAboveHandedOver = kModelFd + static_cast<int>(kFilesMax);
constexpr int kEndGraceMs = 100;

base::Result<UniqueFd> lifted(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, kAboveHandedOver));
  if (!copy.valid())
    return fail(Code::kIo, "cannot copy a descriptor for a worker: {}", std::strerror(errno));
  return copy;
}

/// posix_spawn's two option objects, released together.
class SpawnOptions {
 public:
  SpawnOptions() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnOptions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;

  /// Errors of these calls are out of memory only; a child that lacks a step fails at its start.
  void hand_over(int channel, std::span<const UniqueFd> files, int errors) {
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, channel, kChannelFd);
    int place = kModelFd;
    for (const UniqueFd& file : files)
      ::posix_spawn_file_actions_adddup2(&actions_, file.get(), place++);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, place);
  }
  void reset_signals_and_group() {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string describe(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status),
                       ::strsignal(WTERMSIG(status)));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace

base::Result<WorkerProcess> WorkerProcess::spawn(const WorkerCommand& command,
                                                 std::span<const UniqueFd> files,
                                                 WorkerStarter* starter) {
  CHECK(!files.empty() && files.size() <= kFilesMax);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(Code::kIo, "cannot make a channel for a worker: {}", std::strerror(errno));
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0)
    return fail(Code::kIo, "cannot set up a worker's channel: {}", std::strerror(errno));
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0)
    return fail(Code::kIo, "cannot make a pipe for a worker: {}", std::strerror(errno));
  UniqueFd errors(pipe_ends[0]);
  const UniqueFd their_errors(pipe_ends[1]);
  if (::fcntl(errors.get(), F_SETFL, O_NONBLOCK) != 0)
    return fail(Code::kIo, "cannot set up a worker's pipe: {}", std::strerror(errno));
  if (starter != nullptr) {
    const pid_t started =
        TRY(starter->spawn(command.arguments, theirs.get(), their_errors.get(), files));
    return WorkerProcess(started, std::move(ours), std::move(errors));
  }
  const UniqueFd errors_copy = TRY(lifted(their_errors.get()));
  const UniqueFd channel = TRY(lifted(theirs.get()));
  std::vector<UniqueFd> copies;
  for (const UniqueFd& file : files) copies.push_back(TRY(lifted(file.get())));

  SpawnOptions options;
  options.hand_over(channel.get(), copies, errors_copy.get());
  options.reset_signals_and_group();
  std::string name = "nearside";
  std::vector<std::string> arguments = command.arguments;
  std::vector<char*> pointers{name.data()};
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  char* no_environment[] = {nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, command.program.c_str(), options.actions(),
                                  options.attributes(), pointers.data(), no_environment);
  if (error != 0)
    return fail(Code::kIo, "cannot start a worker ({}): {}", command.program, std::strerror(error));
  return WorkerProcess(pid, std::move(ours), std::move(errors));
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      channel_(std::move(other.channel_)),
      errors_(std::move(other.errors_)) {}

WorkerProcess::~WorkerProcess() {
  if (pid_ < 0) return;
  kill();
  end();
}

void WorkerProcess::kill() {
  CHECK(pid_ > 0);  // kill(-1) would reach every process that we may signal
  ::kill(pid_, SIGKILL);
}

std::string WorkerProcess::end() {
  CHECK(pid_ > 0);
  channel_.reset();
  int status = 0;
  // Wait briefly first: a child that crashed is still being torn down when its channel closes, and
  // our kill would hide what it died of.
  for (int waited_ms = 0; waited_ms < kEndGraceMs; waited_ms += 5) {
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return describe(status);
    }
    ::poll(nullptr, 0, 5);
  }
  kill();
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return describe(status);
}

}  // namespace nearside::worker
