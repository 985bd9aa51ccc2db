#include "policy/overflow.h"

#include <algorithm>

namespace nearside::policy {

double expected_wait_ms(const QueueState& queue) {
  return static_cast<double>(queue.waiting) / std::max(queue.concurrency, 1.0) * queue.service_ms;
}

double expected_first_token_ms(const QueueState& queue) {
  return expected_wait_ms(queue) + queue.first_token_ms.value_or(0);
}

bool Overflow::elsewhere(double expected_ms, double deadline_ms, base::SteadyTime now) {
  const double share = deadline_ms > 0 ? expected_ms / deadline_ms : 1;
  if (share > settings_.enter_share) {
    active_ = true;
    calm_since_.reset();
  } else if (share >= settings_.leave_share) {
    calm_since_.reset();
  } else {
    if (!calm_since_) calm_since_ = now;
    if (now - *calm_since_ >= settings_.leave_after) active_ = false;
  }
  return active_ || expected_ms > deadline_ms;
}

}  // namespace nearside::policy
