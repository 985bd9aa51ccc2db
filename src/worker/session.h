// The conversation with one worker, from its start to its death.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "worker/calls.h"
#include "worker/complaints.h"
#include "worker/frame.h"
#include "worker/protocol.h"
#include "worker/worker_process.h"

namespace nearside::worker {

/// How a worker's life ended.
struct Death {
  base::Error why;           // kUnavailable, or what the worker said of its loading
  bool load_failed = false;  // it said so itself: the same file would fail again
  std::optional<std::chrono::milliseconds> served_for;  // since ready; empty: never was
};

struct SessionLimits {
  std::chrono::milliseconds ready_timeout;
  /// A worker that owes answers and says nothing for so long hangs: it speaks after every step.
  std::chrono::milliseconds silence_max;
};

/// Runs on one thread, the supervisor's.
class Session {
 public:
  /// What the worker tells, besides answers.
  struct Listener {
    std::function<void(const Ready&)> on_ready;
    std::function<void(const std::string& line)> on_complaint;  // on its standard error
    /// Told whether there are calls, at every turn; says until when a worker without any is kept.
    /// Empty function or answer: for ever.
    std::function<std::optional<base::SteadyTime>(bool busy)> kept_until{};
  };
  Session(WorkerProcess& process, Calls& calls, const base::Clock& clock, SessionLimits limits,
          Listener listener)
      : process_(process),
        calls_(calls),
        clock_(clock),
        limits_(limits),
        listener_(std::move(listener)) {}

  /// Sends what `calls` has to send and delivers what the worker says, until it dies, misbehaves
  /// (then it is killed), is kept no longer, or `stop` is requested and calls.wake() called (both
  /// empty; calls that come while it goes stay with `calls`).
  std::optional<Death> run(const std::stop_token& stop);

 private:
  /// Waits for the channel or the calls. False when the worker's time is over: see patience().
  bool wait(base::SteadyTime ready_deadline, bool& readable, bool& writable);
  /// Until when the worker must have said something; empty: it owes nothing.
  std::optional<base::SteadyTime> patience(base::SteadyTime ready_deadline);
  void hear_complaints();
  /// The worker is without work and kept no longer.
  [[nodiscard]] bool let_go();
  /// Errors: kUnavailable (the worker is gone), kCorrupt, kTooLarge (it sent garbage).
  base::Status receive();
  base::Status handle(FromWorker message);
  base::Status send();
  enum class Ending { kGone, kMisbehaved, kLoadFailed, kLate };
  /// Ends the process.
  Death dead(base::Error why, Ending ending);

  WorkerProcess& process_;
  Calls& calls_;
  const base::Clock& clock_;
  const SessionLimits limits_;
  const Listener listener_;
  Complaints complaints_;
  std::optional<base::SteadyTime> kept_until_;
  std::optional<base::SteadyTime> owing_since_;  // or heard from last, whichever is later
  std::optional<base::SteadyTime> ready_at_;
  std::optional<base::Error> load_failed_;
  FrameReader reader_{kFromWorkerBytesMax};
  std::array<char, std::size_t{64} << 10> chunk_{};
  std::string pending_;  // being sent
  std::size_t sent_ = 0;
};

}  // namespace nearside::worker
