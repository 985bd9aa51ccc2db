// One call's sink, and the promise of chat::Call that it is silent once the call is gone.
#pragma once

#include <mutex>

#include "chat/backend.h"

namespace nearside::worker {

/// deliver() from one thread, close() from any, also from within the sink.
class Flight {
 public:
  explicit Flight(chat::Sink sink) : sink_(std::move(sink)) {}

  /// Calls the sink unless the call is closed or over. Finished and Failed end it. The caller keeps
  /// this object alive meanwhile.
  void deliver(chat::Event event);

  /// The sink is not called once this has returned: waits for a call of it on another thread.
  void close();

 private:
  /// Held while the sink runs. Recursive, so that a sink may close its own call.
  std::recursive_mutex mutex_;  // guards everything below
  chat::Sink sink_;
  bool over_ = false;
  bool delivering_ = false;
};

}  // namespace nearside::worker
