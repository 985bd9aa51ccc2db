// The calls a local model is answering: who wants which events, and what is to be sent to the
// worker on their behalf.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "chat/backend.h"
#include "engine/engine.h"

namespace nearside::worker {

struct CallLimits {
  std::size_t in_flight_max = 256;  // one more is refused: the worker's own queue is shorter
  /// Requests encoded and not yet taken by the worker; at least one always fits.
  std::size_t outgoing_bytes_max = std::size_t{64} << 20;
};

class Flight;

/// Shared by the LocalModel and its Calls (shared_ptr, because a Call may outlive the LocalModel).
///
/// Any thread starts and drops calls. One thread, the supervisor's, delivers: sinks run on it alone
/// and never under the lock of this class.
class Calls : public std::enable_shared_from_this<Calls> {
 public:
  /// Closed with `why` until open(). Errors: kIo (no descriptors left).
  static base::Result<std::shared_ptr<Calls>> create(const CallLimits& limits, base::Error why);

  // --- Any thread.

  /// As chat::Backend::start. Also failures to start come from the supervisor's thread.
  std::unique_ptr<chat::Call> start(const chat::Request& request, chat::Sink sink);
  [[nodiscard]] std::size_t in_flight() const;
  /// Makes wake_fd() readable.
  void wake();

  // --- The supervisor's thread.

  /// Readable when there is something to send or to refuse. Cleared by clear_wake().
  [[nodiscard]] int wake_fd() const { return wake_.get(); }
  void clear_wake();
  /// A worker is ready: calls go to it from now on.
  void open();
  /// Calls from now until open() fail with `why`. Those under way wait for close().
  void refuse(base::Error why);
  /// There is no worker: as refuse(), and calls under way fail with `why`, too.
  void close(const base::Error& why);
  /// Hands an event to its call; ignores one that was dropped.
  void deliver(engine::RequestId id, chat::Event event);
  /// Tells the calls that could not be started.
  void deliver_refusals();
  /// Frames to send, oldest first; they are the caller's now.
  std::string take_outgoing();

 private:
  class Handle;
  struct Refusal {
    std::shared_ptr<Flight> flight;
    base::Error why;
  };

  Calls(const CallLimits& limits, base::UniqueFd wake, base::Error why);
  /// Queues the request. Errors: why it cannot be.
  base::Status enqueue(const chat::Request& request, engine::RequestId id,
                       const std::shared_ptr<Flight>& flight);
  void drop(engine::RequestId id);

  const CallLimits limits_;
  const base::UniqueFd wake_;  // an eventfd
  std::atomic<engine::RequestId> next_id_ = 1;

  mutable std::mutex mutex_;  // guards everything below
  std::optional<base::Error> closed_;
  std::map<engine::RequestId, std::shared_ptr<Flight>> flights_;
  std::vector<Refusal> refusals_;
  std::string outgoing_;
};

}  // namespace nearside::worker
