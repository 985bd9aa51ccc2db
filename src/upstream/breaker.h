// Stops asking a server that keeps failing, and lets one request try again after a while.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"

namespace nearside::upstream {

struct BreakerOptions {
  /// One lost connection happens to every server; three in a row without a success between do not.
  std::size_t failures_to_open = 3;
  /// The first pause; it doubles with each try that fails, up to the longest.
  std::chrono::milliseconds pause_first{2'000};
  std::chrono::milliseconds pause_max{60'000};
};

/// Closed: requests pass. Open: none does until the pause is over. Half-open: one passes and
/// decides. Only faults of the server count; whether a failure is one is the caller's to say.
/// Not thread-safe.
class Breaker {
 public:
  explicit Breaker(const BreakerOptions& options = {}) : options_(options) {}

  /// Whether a request may go now. In half-open state this hands out the one try; every true is
  /// followed by one of succeeded(), failed() or withdrawn().
  bool admit(base::SteadyTime now);
  void succeeded();
  /// `asked_to_wait` is the server's own Retry-After: it opens the breaker at once, for that long
  /// but never longer than pause_max.
  void failed(base::SteadyTime now, std::string why,
              std::optional<std::chrono::milliseconds> asked_to_wait = {});
  /// The request ended without saying anything about the server (the client left, or its request
  /// was at fault).
  void withdrawn();

  /// Why requests would be refused now; empty when one may go.
  [[nodiscard]] std::optional<std::string> closed_off(base::SteadyTime now) const;

 private:
  const BreakerOptions options_;
  std::size_t failures_in_a_row_ = 0;
  bool open_ = false;
  bool trying_ = false;  // the one try of the half-open state is under way
  base::SteadyTime open_until_{};
  std::chrono::milliseconds pause_{0};
  std::string why_;
};

}  // namespace nearside::upstream
