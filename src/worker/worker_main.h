// The whole life of a worker process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mapped_file.h"
#include "base/result.h"
#include "engine/engine.h"
#include "trust/key_envelope.h"

namespace nearside::worker {

struct WorkerOptions {
  int channel_fd = 3;  // a socket; frames both ways
  int model_fd = 4;    // a GGUF file, plain or sealed, open for reading
  std::string name;    // of the model, for messages
  /// What opens a sealed file; the worker reads it itself, so that the gateway never has the key.
  /// With one given, a plain file is refused.
  trust::KeySource key;
  /// Names of adapters, whose files stand behind the model's descriptor in this order.
  std::vector<std::string> adapters;
  bool draft = false;  // a draft model's file stands behind them
  engine::Options engine;
};

/// engine::Engine::load, or a stand-in for tests.
using Load = std::function<base::Result<std::unique_ptr<engine::Engine>>(
    base::MappedFile file, const std::string& name, const engine::Options& options,
    const base::Clock& clock)>;

/// Maps the model, its adapters and its draft, fetches the key of a sealed one, shuts the process
/// in (trust/sandbox.h), and only then looks at the model's bytes; serves until the gateway closes
/// the channel or dies. Then ends the process without running destructors: a sandboxed process has
/// nothing outside its memory to tidy. Exit status 0: the channel was closed. 1: something failed;
/// told over the channel before the model was ready, on stderr after. REQUIRES: the process is
/// single-threaded.
[[noreturn]] void run_worker(const WorkerOptions& options, const Load& load,
                             const base::Clock& clock);

}  // namespace nearside::worker
