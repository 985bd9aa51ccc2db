// A worker process for tests: run_worker() around a FakeEngine. Its "model file" holds one word
// that says how to behave: ok, refuse, die, complain, late (never ready), garbage, oversized,
// twice.
#include <cstdlib>
#include <string>
#include <string_view>

#include <poll.h>
#include <unistd.h>

#include "base/check.h"
#include "worker/fake_engine.h"
#include "worker/protocol.h"
#include "worker/server.h"
#include "worker/worker_main.h"
#include "worker/worker_process.h"

namespace {

using namespace nearside;
using namespace nearside::worker;

[[noreturn]] void sleep_until_killed() {
  while (true) ::poll(nullptr, 0, -1);
}

[[noreturn]] void say(std::string_view bytes) {
  const base::UniqueFd channel(kChannelFd);
  CHECK(write_all(channel, bytes));
  sleep_until_killed();
}

base::Result<std::unique_ptr<engine::Engine>> load(base::MappedFile file, const std::string& name,
                                                   const engine::Options&, const base::Clock&) {
  const std::string_view word(reinterpret_cast<const char*>(file.bytes().data()),
                              file.bytes().size());
  if (word == "refuse")
    return base::fail(base::Code::kCorrupt, "{}: at byte 0: not a GGUF file", name);
  if (word == "die") std::abort();
  if (word == "complain") static_cast<void>(!::write(STDERR_FILENO, "broken\x1B[2J\nover\n", 16));
  if (word == "late") sleep_until_killed();
  if (word == "garbage") say(std::string_view("\x02\x00\x00\x00\x63??", 7));
  if (word == "oversized") say(std::string_view("\xFF\xFF\xFF\xFF\x12", 5));
  if (word == "twice") {
    const std::string ready = encode_ready({{}, "none"});
    say(ready + ready);
  }
  return std::unique_ptr<engine::Engine>(std::make_unique<FakeEngine>(name));
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc > 1 && std::string_view(argv[1]) == "worker");
  CHECK(::getenv("PATH") == nullptr);  // the environment, which may hold keys, stays outside
  WorkerOptions options;
  options.name = "fake";
  for (int i = 2; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--adapter" && i + 1 < argc) options.adapters.emplace_back(argv[++i]);
    if (argument == "--draft") options.draft = true;
  }
  const base::SystemClock clock;
  run_worker(options, load, clock);
}
