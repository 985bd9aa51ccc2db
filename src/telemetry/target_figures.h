// What a node has measured of its targets lately: the live figures of a quote.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "policy/target.h"

namespace nearside::telemetry {

/// One entry a target of the PolicySet, by index. Keeps the last kSamplesKept finished requests of
/// each, none older than kSampleAgeMax, so that figures follow a change of load within minutes.
/// Thread-safe.
class TargetFigures {
 public:
  explicit TargetFigures(std::size_t targets_count);
  ~TargetFigures();

  void started(std::size_t target_index);
  /// Always follows started. `ttft` and `tokens_per_second` are 0 when nothing came.
  void finished(std::size_t target_index, base::SteadyTime now, double ttft_ms,
                double tokens_per_second);

  /// Figures and queue depth; health is the caller's to fill in.
  [[nodiscard]] std::vector<policy::Live> snapshot(base::SteadyTime now) const;

  static constexpr std::size_t kSamplesKept = 128;
  static constexpr std::size_t kSamplesMin = 5;  // fewer say nothing of a p95: the priors hold
  static constexpr std::chrono::minutes kSampleAgeMax{10};

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nearside::telemetry
