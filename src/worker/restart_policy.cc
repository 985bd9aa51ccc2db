#include "worker/restart_policy.h"

#include <algorithm>
#include <utility>

namespace nearside::worker {

std::optional<std::chrono::milliseconds> RestartPolicy::after_death(
    std::optional<std::chrono::milliseconds> served_for) {
  loading_deaths_ = served_for ? 0 : loading_deaths_ + 1;
  if (loading_deaths_ >= options_.loading_deaths_max) return std::nullopt;
  if (served_for && *served_for >= options_.healthy_after) delay_next_ = options_.delay_first;
  return std::exchange(delay_next_, std::min(delay_next_ * 2, options_.delay_max));
}

}  // namespace nearside::worker
