// Try the cheap target first, look at its answer, and ask a better one only when it failed.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "policy/ask.h"
#include "policy/rules.h"

namespace nearside::policy {

struct Considered;

/// What a cascade does with one request.
struct CascadePlan {
  std::size_t first = 0;       // into the ranked list: whose answer is judged
  std::size_t escalation = 0;  // into the ranked list, without `first`: who is asked when it failed
};

/// Decides whether the request is served by a cascade, and by whom. `ranked` is the order without
/// one: permitted targets, best first; `considered` what it points into.
///
/// Tried first is the target with the least expected cost c + (1 - p) x C, where p is its chance
/// and C the cost of the best target that reaches quality_min (the escalation); those below
/// cascade.quality_min, and those whose expected cost is not below C, are not worth a try. When the
/// first of `ranked` stays the first, it is still judged, and the next that reaches quality_min is
/// its escalation. Source of the rule: Chen et al., "FrugalGPT" (2023), 3: a cascade pays when the
/// cheap answer is accepted more often than it costs to ask for it.
///
/// Empty: no cascade. That is when the route has none, for `realtime` requests (two answers take
/// longer than one), for streamed ones unless cascade.streams, for several choices, when there is
/// nobody to escalate to, and when both answers together would pass the deadline or the cost cap.
std::optional<CascadePlan> plan_cascade(const Objective& objective, const Ask& ask,
                                        const std::vector<Considered>& considered,
                                        const std::vector<std::size_t>& ranked);

}  // namespace nearside::policy
