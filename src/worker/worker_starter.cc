#include "worker/worker_starter.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "trust/secret_bytes.h"
#include "worker/worker_process.h"

namespace nearside::worker {

using base::Code;
using base::fail;
using base::UniqueFd;

namespace {

constexpr std::size_t kHandedOverMax = kFilesMax + 2;  // the channel and the errors too
// Descriptors are first moved above those they get, so that placing one cannot overwrite another.
constexpr int kAboveHandedOver = kModelFd + static_cast<int>(kFilesMax);

/// Room for the descriptors of one message.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kHandedOverMax)> bytes{};
};

/// Everything that reaches the starter in one message.
struct Question {
  std::vector<std::string> arguments;
  std::vector<UniqueFd> handed_over;  // errors, channel, files
};

void take_descriptors(msghdr& message, std::vector<UniqueFd>& out) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; CMSG_LEN(at + sizeof(int)) <= header->cmsg_len; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
      out.emplace_back(fd);
    }
  }
}

/// False when the gateway is gone.
bool receive(const UniqueFd& wire, Question& question) {
  std::vector<char> text(kArgumentsBytesMax);
  iovec piece{text.data(), text.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t count = -1;
  do count = ::recvmsg(wire.get(), &message, MSG_CMSG_CLOEXEC);
  while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  take_descriptors(message, question.handed_over);
  std::string_view rest(text.data(), static_cast<std::size_t>(count));
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\0'), rest.size() - 1);
    question.arguments.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return true;
}

/// In the worker-to-be, which is still this program: gives every descriptor its place, and runs.
/// Returns only when that fails, with errno set.
void become_worker(const Question& question, const std::string& program) {
  ::setpgid(0, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<int> lifted;
  for (const UniqueFd& fd : question.handed_over) {
    lifted.push_back(::fcntl(fd.get(), F_DUPFD, kAboveHandedOver));
    if (lifted.back() < 0) return;
  }
  const int null = ::open("/dev/null", O_RDWR);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(null, STDOUT_FILENO) < 0) return;
  for (std::size_t i = 0; i < lifted.size(); ++i)
    if (::dup2(lifted[i], STDERR_FILENO + static_cast<int>(i)) < 0) return;
  std::string name = "nearside";
  std::vector<char*> pointers{name.data()};
  for (const std::string& argument : question.arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  char* no_environment[] = {nullptr};
  // Closed by running the program; until then the pipe is there to say why that failed.
  ::syscall(SYS_close_range, STDERR_FILENO + lifted.size(), ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  ::execve(program.c_str(), pointers.data(), no_environment);
}

/// A process id, or an error's number made negative.
std::int64_t start_one(const Question& question, const std::string& program) {
  if (question.arguments.empty() || question.arguments.front() != "worker" ||
      question.handed_over.size() < 3)
    return -EINVAL;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -errno;
  const UniqueFd hears(ends[0]);
  UniqueFd says(::fcntl(ends[1], F_DUPFD_CLOEXEC, kAboveHandedOver));
  ::close(ends[1]);
  if (!says.valid()) return -errno;
  // The child of our parent: the gateway waits for it, and it ends when the gateway does.
  const long pid = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) return -errno;
  if (pid == 0) {
    become_worker(question, program);
    const int why = errno;
    static_cast<void>(::write(says.get(), &why, sizeof why));
    ::_exit(127);
  }
  says.reset();
  int why = 0;
  if (::read(hears.get(), &why, sizeof why) != sizeof why) return pid;
  return -why;
}

/// Keeps the wire and the standard streams: what else was open at the fork is not the starter's.
UniqueFd alone_with(const UniqueFd& wire) {
  constexpr int kWireFd = 3;
  UniqueFd kept(wire.get() == kWireFd ? kWireFd : ::dup2(wire.get(), kWireFd));
  ::fcntl(kWireFd, F_SETFD, FD_CLOEXEC);
  ::syscall(SYS_close_range, kWireFd + 1, ~0U, 0U);
  return kept;
}

[[noreturn]] void serve_starts(const UniqueFd& theirs, const std::string& program) {
  const UniqueFd wire = alone_with(theirs);
  ::setpgid(0, 0);  // an interrupt from the terminal is the gateway's
  ::prctl(PR_SET_NAME, "nearside-start");
  // The gateway must not look into it, even before it is confined.
  if (!trust::make_process_undumpable()) ::_exit(1);
  for (;;) {
    Question question;
    if (!receive(wire, question)) ::_exit(0);
    const std::int64_t answer = start_one(question, program);
    if (::send(wire.get(), &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) ::_exit(0);
  }
}

}  // namespace

base::Result<std::unique_ptr<WorkerStarter>> WorkerStarter::start(const std::string& program) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(Code::kIo, "cannot make a channel for the starter: {}", std::strerror(errno));
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return fail(Code::kIo, "cannot fork the starter: {}", std::strerror(errno));
  if (pid == 0) serve_starts(theirs, program);
  return std::unique_ptr<WorkerStarter>(new WorkerStarter(pid, std::move(ours)));
}

WorkerStarter::~WorkerStarter() {
  wire_.reset();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

base::Result<pid_t> WorkerStarter::spawn(const std::vector<std::string>& arguments, int channel,
                                         int errors, std::span<const UniqueFd> files) {
  CHECK(!arguments.empty() && !files.empty() && files.size() <= kFilesMax);
  std::string text;
  for (const std::string& argument : arguments) text += argument + '\0';
  if (text.size() > kArgumentsBytesMax)
    return fail(Code::kTooLarge, "a worker's arguments have {} bytes, more than {}", text.size(),
                kArgumentsBytesMax);
  std::vector<int> handed_over{errors, channel};
  for (const UniqueFd& file : files) handed_over.push_back(file.get());
  iovec piece{text.data(), text.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(handed_over.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(handed_over.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), handed_over.data(), handed_over.size() * sizeof(int));

  const std::lock_guard lock(mutex_);
  std::int64_t answer = 0;
  ssize_t count = ::sendmsg(wire_.get(), &message, MSG_NOSIGNAL);
  while (count >= 0) {
    count = ::recv(wire_.get(), &answer, sizeof answer, 0);
    if (count >= 0 || errno != EINTR) break;
    count = 0;
  }
  if (count != sizeof answer)
    return fail(Code::kIo, "the process that starts workers is gone; restart the node");
  if (answer < 0)
    return fail(Code::kIo, "cannot start a worker: {}", std::strerror(static_cast<int>(-answer)));
  return static_cast<pid_t>(answer);
}

}  // namespace nearside::worker
