// Which targets are too busy for a request that is about to be decided.
#pragma once

#include <mutex>
#include <span>
#include <vector>

#include "base/clock.h"
#include "policy/overflow.h"
#include "policy/quote.h"
#include "policy/rules.h"

namespace nearside::gateway {

/// One hysteresis for each target whose queue is known (policy/overflow.h). Thread-safe.
class OverflowGates {
 public:
  explicit OverflowGates(const policy::PolicySet& set)
      : gates_(set.targets.size(), policy::Overflow(set.overflow)) {}

  /// Sets Live::overflowing where the request's first token would come too late if it queued there:
  /// later than the route's ttft_ms_max, or so late that its generation passes the request's
  /// deadline. `batch` requests, those without either bound, and targets without a queue figure or
  /// without a figure for the time change nothing. REQUIRES: live.size() == set.targets.size().
  void mark(const policy::PolicySet& set, const policy::Ask& ask, std::span<policy::Live> live,
            base::SteadyTime now);

 private:
  std::mutex mutex_;  // guards gates_
  std::vector<policy::Overflow> gates_;
};

}  // namespace nearside::gateway
