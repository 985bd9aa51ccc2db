#include "gateway/overflow_gates.h"

#include <algorithm>
#include <limits>

namespace nearside::gateway {

void OverflowGates::mark(const policy::PolicySet& set, const policy::Ask& ask,
                         std::span<policy::Live> live, base::SteadyTime now) {
  if (ask.priority == policy::Priority::kBatch) return;
  const policy::Objective& objective = set.objective_for(ask.model);
  if (!objective.ttft_max_ms && !ask.deadline_ms) return;
  for (std::size_t i = 0; i < live.size(); ++i) {
    if (!live[i].queue) continue;
    const policy::Quote quote = policy::quote(set.targets[i], live[i], ask);
    if (!quote.ttft_p50_ms) continue;
    double limit_ms = objective.ttft_max_ms.value_or(std::numeric_limits<double>::infinity());
    if (ask.deadline_ms)
      limit_ms =
          std::min(limit_ms, *ask.deadline_ms - (quote.total_p50_ms.value_or(0) -
                                                 (quote.total_p50_ms ? *quote.ttft_p50_ms : 0)));
    // The state is about the queue: a long prompt that takes its time on an idle target does not
    // make that target a busy one.
    const double room_ms = limit_ms - (*quote.ttft_p50_ms - quote.queue_ms);
    const std::scoped_lock lock(mutex_);
    live[i].overflowing = gates_[i].elsewhere(quote.queue_ms, std::max(room_ms, 1.0), now);
  }
}

}  // namespace nearside::gateway
