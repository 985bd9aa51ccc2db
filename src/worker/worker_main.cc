#include "worker/worker_main.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "trust/sandbox.h"
#include "worker/model_bytes.h"
#include "worker/protocol.h"
#include "worker/server.h"

namespace nearside::worker {

namespace {

struct Loaded {
  std::unique_ptr<engine::Engine> engine;
  trust::SandboxReport sandbox;
};

base::Result<base::MappedFile> map_file(int fd, const std::string& name) {
  base::MappedFile file = TRY(base::MappedFile::from_fd(base::UniqueFd(fd), name));
  TRY(trust::exclude_from_core_dumps(file.bytes()));
  return file;
}

base::Result<Loaded> load_inside(const WorkerOptions& options, const Load& load,
                                 const base::Clock& clock) {
  base::MappedFile file = TRY(map_file(options.model_fd, options.name));
  std::vector<base::MappedFile> adapters;
  int next_fd = options.model_fd + 1;
  for (const std::string& name : options.adapters)
    adapters.push_back(TRY(map_file(next_fd++, "adapter " + name)));
  std::optional<base::MappedFile> draft;
  if (options.draft) draft = TRY(map_file(next_fd, "the draft"));
  std::optional<trust::OpenedEnvelope> envelope;
  if (!options.key.empty()) {
    // From here on a debugger of the same user could find the key.
    TRY(trust::make_process_undumpable());
    envelope = TRY(trust::open_envelope(options.key));
  }
  Loaded loaded;
  loaded.sandbox = TRY(trust::enter_worker_sandbox());
  file = TRY(open_model_bytes(std::move(file), envelope));
  envelope.reset();  // wipes the key; that of the file's chunks goes when they are read
  loaded.engine = TRY(load(std::move(file), options.name, options.engine, clock));
  for (std::size_t i = 0; i < adapters.size(); ++i)
    TRY(loaded.engine->add_adapter(options.adapters[i], std::move(adapters[i])));
  if (draft) TRY(loaded.engine->set_draft(std::move(*draft)));
  return loaded;
}

/// Whether the gateway closed the channel on a worker that served to the end.
bool serve_model(const WorkerOptions& options, const Load& load, const base::Clock& clock) {
  const base::UniqueFd channel(options.channel_fd);
  base::Result<Loaded> loaded = load_inside(options, load, clock);
  if (!loaded) {
    // The gateway logs it. Should it be gone, nobody is left to tell.
    static_cast<void>(write_all(channel, encode_load_failed(loaded.error())).has_value());
    return false;
  }
  const Ready ready{loaded->engine->info(), loaded->sandbox.text()};
  if (!write_all(channel, encode_ready(ready))) return false;
  const base::Status served = serve(channel, *loaded->engine);
  if (!served) fmt::print(stderr, "worker {}: {}\n", options.name, served.error().message);
  return served.has_value();
}

}  // namespace

void run_worker(const WorkerOptions& options, const Load& load, const base::Clock& clock) {
  ::signal(SIGPIPE, SIG_IGN);
  // A gateway that is killed closes the channel too, but a worker in a long step would see it late.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::_exit(serve_model(options, load, clock) ? EXIT_SUCCESS : EXIT_FAILURE);
}

}  // namespace nearside::worker
