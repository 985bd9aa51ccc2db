// An upstream server as a chat::Backend, with what is known of its health.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "chat/backend.h"
#include "http/client.h"
#include "upstream/breaker.h"
#include "upstream/endpoint.h"

namespace nearside::upstream {

/// Thread-safe. Failed carries kUnavailable (down, refuses our key, sends garbage, cuts the
/// answer), kDeadline, kExhausted (its rate limit, or calls_max of ours), kInvalidArgument,
/// kContextLength and kTooLarge (the request's own fault), with the target's name in front.
class Upstream : public chat::Backend {
 public:
  /// `client`, `clock` and `log` must outlive the backend, and every call it started must have been
  /// destroyed before the backend is. Errors: kNotFound (no such provider), kInvalidArgument (URL).
  static base::Result<std::unique_ptr<Upstream>> create(Endpoint endpoint, http::Client& client,
                                                        const base::Clock& clock, base::Logger& log,
                                                        const BreakerOptions& options = {});

  /// Why it would not be asked now; empty when it would.
  [[nodiscard]] virtual std::optional<std::string> down_why() const = 0;
};

}  // namespace nearside::upstream
