#include "engine/scheduler.h"

#include <algorithm>

#include "base/check.h"

namespace nearside::engine {

std::vector<std::size_t> plan_step(std::span<const std::size_t> pending,
                                   std::size_t batch_tokens_max) {
  CHECK(batch_tokens_max >= 1);
  std::vector<std::size_t> counts(pending.size(), 0);
  std::size_t left = batch_tokens_max;
  for (const bool generating : {true, false}) {
    for (std::size_t i = 0; i < pending.size(); ++i) {
      if ((pending[i] == 1) != generating) continue;
      counts[i] = std::min(left, pending[i]);
      left -= counts[i];
    }
  }
  return counts;
}

}  // namespace nearside::engine
