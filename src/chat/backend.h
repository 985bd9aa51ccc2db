// The seam between the gateway and whatever generates: a local worker process or an upstream
// server.
#pragma once

#include <functional>
#include <memory>

#include "chat/event.h"
#include "chat/request.h"

namespace nearside::chat {

/// Called for each event of a call, in order, from one thread at a time (not the caller's); must
/// not block. After Finished or Failed it is never called again.
using Sink = std::function<void(Event)>;

/// One request under way. Destroying it cancels: work stops at the next step and the sink is not
/// called once the destructor has returned. It may be destroyed from within the sink.
class Call {
 public:
  virtual ~Call() = default;
};

/// Thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;
  /// Starts answering. Failures, those to start included, arrive as Failed through the sink,
  /// possibly before start returns.
  [[nodiscard]] virtual std::unique_ptr<Call> start(Request request, Sink sink) = 0;
};

}  // namespace nearside::chat
