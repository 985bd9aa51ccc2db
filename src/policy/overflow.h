// When a place is too busy: sends requests further out before their deadline is lost, and takes
// them back only when it is clearly free again.
#pragma once

#include <cstddef>
#include <optional>

#include "base/clock.h"

namespace nearside::policy {

/// What is known of a target's queue.
struct QueueState {
  std::size_t waiting = 0;               // requests before this one
  double service_ms = 0;                 // of one request, lately; 0: not measured yet
  double concurrency = 1;                // served at once
  std::optional<double> first_token_ms;  // once it is its turn
};

/// Time until it is the request's turn. Formula: waiting / concurrency x service time.
double expected_wait_ms(const QueueState& queue);

/// Time until the first token if the request queues now.
/// Formula: waiting / concurrency x service time, then its own time to the first token.
double expected_first_token_ms(const QueueState& queue);

struct OverflowSettings {
  double enter_share = 0.8;                     // of the deadline: above, requests overflow
  double leave_share = 0.4;                     // below, the place may have them again
  std::chrono::milliseconds leave_after{2000};  // and stays below for so long
};

/// Hysteresis for one target. Pure but for its own state: time is handed in. Not thread-safe.
class Overflow {
 public:
  explicit Overflow(OverflowSettings settings) : settings_(settings) {}

  /// Should a request with this deadline for its first token go elsewhere, if its label permits?
  /// A request whose own deadline would be missed goes, whatever the state; the state only decides
  /// about those in between. REQUIRES: `now` never goes back.
  bool elsewhere(double expected_ms, double deadline_ms, base::SteadyTime now);

  [[nodiscard]] bool active() const { return active_; }

 private:
  OverflowSettings settings_;
  bool active_ = false;
  std::optional<base::SteadyTime> calm_since_;
};

}  // namespace nearside::policy
