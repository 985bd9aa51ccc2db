#include "trust/swtpm_for_test.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "trust/tpm.h"

namespace nearside::trust {

namespace {

constexpr const char* kProgram = "/usr/bin/swtpm";

}  // namespace

std::unique_ptr<Swtpm> Swtpm::start() {
  if (!std::filesystem::exists(kProgram)) return nullptr;
  // Short, because a socket's path has 108 bytes.
  std::string folder = "/tmp/nearside_tpm_XXXXXX";
  CHECK(::mkdtemp(folder.data()) != nullptr);
  std::unique_ptr<Swtpm> emulator(new Swtpm(folder));
  emulator->spawn();
  return emulator;
}

Swtpm::Swtpm(std::string folder)
    : folder_(std::move(folder)), tcti_("swtpm:path=" + folder_ + "/sock") {}

Swtpm::~Swtpm() {
  end();
  std::filesystem::remove_all(folder_);
}

void Swtpm::restart() {
  end();
  spawn();
}

void Swtpm::spawn() {
  const std::string socket = folder_ + "/sock";
  std::filesystem::remove(socket);
  std::filesystem::remove(socket + ".ctrl");
  // libtss2's swtpm TCTI expects the control channel beside the data channel, as NAME.ctrl.
  std::string arguments[] = {"swtpm",
                             "socket",
                             "--tpm2",
                             "--tpmstate",
                             "dir=" + folder_,
                             "--server",
                             "type=unixio,path=" + socket,
                             "--ctrl",
                             "type=unixio,path=" + socket + ".ctrl",
                             "--flags",
                             "startup-clear,not-need-init"};
  char* pointers[std::size(arguments) + 1] = {};
  for (std::size_t i = 0; i < std::size(arguments); ++i) pointers[i] = arguments[i].data();
  posix_spawn_file_actions_t quiet;  // it reports every client that leaves
  ::posix_spawn_file_actions_init(&quiet);
  ::posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  CHECK(::posix_spawn(&pid_, kProgram, &quiet, nullptr, pointers, environ) == 0);
  ::posix_spawn_file_actions_destroy(&quiet);
  // A socket is there a moment before anybody listens on it.
  const auto answers = [this] { return Tpm::open(tcti_).has_value(); };
  bool up = answers();
  for (int i = 0; i < 2000 && !up; ++i) {
    ::poll(nullptr, 0, 5);
    up = answers();
  }
  CHECK(up);
}

void Swtpm::end() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace nearside::trust
