// What a node has measured of its targets lately: the live figures of a quote.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "policy/target.h"

namespace nearside::telemetry {

/// What a request took at its target; figures are 0 when nothing came.
struct Took {
  double ttft_ms = 0;
  double tokens_per_second = 0;
  double total_ms = 0;
  bool queued = false;       // as started() said
  double prompt_tokens = 0;  // as estimated before; 0: not known
};

/// One entry a target of the PolicySet, by index. Keeps the last kSamplesKept finished requests of
/// each, none older than kSampleAgeMax, so that figures follow a change of load within minutes.
/// Thread-safe.
class TargetFigures {
 public:
  /// `concurrency`: how many requests each target serves at once; 0: not known, then nothing is
  /// said of its queue.
  explicit TargetFigures(std::vector<std::size_t> concurrency);
  ~TargetFigures();

  /// Whether the request has to wait for another's end.
  bool started(std::size_t target_index);
  /// Always follows started.
  void finished(std::size_t target_index, base::SteadyTime now, const Took& took);

  /// Figures, queue depth and queue; health is the caller's to fill in. Where the queue is known,
  /// times to the first token are those of requests that did not wait (kSamplesMin of them, else of
  /// all): a quote adds the wait of its own moment. How they grow with the prompt is fitted (least
  /// squares of time by prompt length); their quantiles are those of the mean prompt, after each
  /// was brought to its length.
  [[nodiscard]] std::vector<policy::Live> snapshot(base::SteadyTime now) const;

  static constexpr std::size_t kSamplesKept = 128;
  static constexpr std::size_t kSamplesMin = 5;  // fewer say nothing of a p95: the priors hold
  static constexpr std::chrono::minutes kSampleAgeMax{10};

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nearside::telemetry
