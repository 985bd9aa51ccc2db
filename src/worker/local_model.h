// A model on this machine as a chat::Backend: a worker process, watched and replaced when it dies.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "chat/backend.h"
#include "engine/engine.h"
#include "trust/key_envelope.h"
#include "worker/calls.h"
#include "worker/protocol.h"
#include "worker/residency.h"
#include "worker/restart_policy.h"
#include "worker/session.h"
#include "worker/worker_starter.h"

namespace nearside::worker {

/// A LoRA adapter (GGUF, plain) and what requests call it.
struct AdapterFile {
  std::string name;
  std::string file;
};

struct LocalModelOptions {
  std::string name;  // of the target, for log and errors
  std::string file;  // GGUF, plain or sealed
  std::vector<AdapterFile> adapters{};
  std::string draft_file{};  // of the draft model (GGUF, plain); "": none
  trust::KeySource key;      // of a sealed file
  engine::Options engine;
  std::string program = "/proc/self/exe";  // run as `program worker ...`; tests have their own
  /// Starts the workers, with its own program, where this process may not. Outlives the LocalModel.
  WorkerStarter* starter = nullptr;
  /// Loading a large model from a cold disk takes its time; a worker that passes it is killed.
  std::chrono::milliseconds ready_timeout{300'000};
  /// A worker that owes answers and has said nothing for so long is killed: it speaks after each
  /// step, and the longest step (a batch of a large prompt through a large model on few cores)
  /// takes some ten seconds.
  std::chrono::milliseconds silence_max{120'000};
  RestartOptions restart;
  CallLimits calls;
  /// Empty: loaded at once and kept. Else the model is loaded when a call comes, which waits for
  /// it, and let go when it has been without calls for `keep_alive` or another model needs its
  /// place. Outlives the LocalModel.
  Residency* residency = nullptr;
  std::chrono::milliseconds keep_alive{300'000};
};

/// Where a local model is in its life.
enum class State {
  kUnloaded,  // nobody needs it; the next call has it loaded
  kWaiting,   // for room in memory
  kStarting,  // a worker is loading the model
  kReady,
  kDown,    // the worker died; another one starts after a delay
  kFailed,  // the model cannot be loaded; no further worker is started
};

const char* state_name(State state);

struct Snapshot {
  State state = State::kStarting;
  engine::ModelInfo info;            // of the last worker that became ready
  std::string sandbox;               // what shuts that worker in
  std::uint64_t loads = 0;           // workers started
  std::uint64_t restarts = 0;        // of them, after one died
  bool takes_calls = false;          // now: some wait until the model is loaded
  std::size_t in_flight = 0;         // calls that have neither ended nor been dropped
  std::optional<base::Error> error;  // why the state is kDown or kFailed
  /// Empty when there is none: a -1 handed to kill() would reach every process of the machine.
  std::optional<int> worker_pid;
};

/// Thread-safe. One thread of its own reads from the worker and calls the sinks. Not to be
/// destroyed from within a sink.
///
/// Calls fail with kUnavailable while the model is not ready (with a residency they wait) and when
/// its worker dies under them (the gateway may then ask another target), with kExhausted when too
/// many are under way, with kTooLarge when a request passes the protocol's bound, and with what
/// engine::Engine::submit returns. A worker that sends what is no frame, or text that is not UTF-8,
/// is killed.
class LocalModel final : public chat::Backend {
 public:
  /// Opens the file and starts the first worker; the file stays open, so that a restarted worker
  /// serves the same bytes even if another file has taken the name. Does not wait for the model.
  /// `clock` and `logger` outlive the object.
  /// Errors: kNotFound, kIo (the file, an adapter's, the draft's), kIo (no descriptors), kTooLarge
  /// (more adapters than descriptors are handed over).
  static base::Result<std::unique_ptr<LocalModel>> open(LocalModelOptions options,
                                                        const base::Clock& clock,
                                                        base::Logger& logger);
  /// Ends the worker. Calls under way fail with kUnavailable first.
  ~LocalModel() override;

  [[nodiscard]] std::unique_ptr<chat::Call> start(chat::Request request, chat::Sink sink) override;

  [[nodiscard]] Snapshot snapshot() const;

  /// Waits until the model is ready or cannot be. Errors: kDeadline, and why the state is kFailed.
  base::Status wait_ready(std::chrono::milliseconds timeout) const;

 private:
  LocalModel(LocalModelOptions options, std::vector<base::UniqueFd> files,
             std::shared_ptr<Calls> calls, const base::Clock& clock, base::Logger& logger);
  void supervise(const std::stop_token& stop);
  /// From start to death. Empty when stopped.
  std::optional<Death> run_one_worker(const std::stop_token& stop);
  void set_ready(const Ready& ready);
  void set_state(State state, std::optional<base::Error> error, std::optional<int> worker_pid);
  /// Waits until a call needs the model and there is room for it. False when stopped.
  bool wait_needed(const std::stop_token& stop);
  /// Until when a worker without calls is kept.
  std::optional<base::SteadyTime> kept_until(bool busy);
  void wait_woken();
  /// Refuses calls meanwhile. Empty `delay`: until stopped.
  void rest(const std::stop_token& stop, std::optional<std::chrono::milliseconds> delay);

  const LocalModelOptions options_;
  const std::vector<base::UniqueFd> files_;  // as WorkerProcess::spawn takes them
  const std::shared_ptr<Calls> calls_;
  const base::Clock& clock_;
  base::Logger& logger_;

  // Of the supervisor's thread.
  std::unique_ptr<Residency::Member> member_;  // null: no residency
  std::optional<base::SteadyTime> idle_since_;

  mutable std::mutex mutex_;  // guards snapshot_
  mutable std::condition_variable changed_;
  Snapshot snapshot_;

  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace nearside::worker
