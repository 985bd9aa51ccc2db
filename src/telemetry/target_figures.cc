#include "telemetry/target_figures.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include "base/check.h"

namespace nearside::telemetry {

namespace {

struct Sample {
  base::SteadyTime time;
  double ttft_ms = 0;
  double tokens_per_second = 0;
};

/// The value below which `share` of the values lie (nearest rank). REQUIRES: not empty.
double quantile(std::vector<double>& values, double share) {
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace

struct TargetFigures::State {
  struct One {
    std::size_t under_way = 0;
    std::deque<Sample> samples;
  };
  mutable std::mutex mutex;  // guards targets
  std::vector<One> targets;
};

TargetFigures::TargetFigures(std::size_t targets_count) : state_(std::make_unique<State>()) {
  state_->targets.resize(targets_count);
}
TargetFigures::~TargetFigures() = default;

void TargetFigures::started(std::size_t target_index) {
  const std::scoped_lock lock(state_->mutex);
  CHECK(target_index < state_->targets.size());
  ++state_->targets[target_index].under_way;
}

void TargetFigures::finished(std::size_t target_index, base::SteadyTime now, double ttft_ms,
                             double tokens_per_second) {
  const std::scoped_lock lock(state_->mutex);
  CHECK(target_index < state_->targets.size());
  auto& target = state_->targets[target_index];
  CHECK(target.under_way > 0);
  --target.under_way;
  if (ttft_ms <= 0) return;
  target.samples.push_back({now, ttft_ms, tokens_per_second});
  if (target.samples.size() > kSamplesKept) target.samples.pop_front();
}

std::vector<policy::Live> TargetFigures::snapshot(base::SteadyTime now) const {
  const std::scoped_lock lock(state_->mutex);
  std::vector<policy::Live> out(state_->targets.size());
  std::vector<double> ttft, speed;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto& target = state_->targets[i];
    out[i].queue_depth = target.under_way;
    ttft.clear();
    speed.clear();
    for (const Sample& sample : target.samples) {
      if (now - sample.time > kSampleAgeMax) continue;
      ttft.push_back(sample.ttft_ms);
      if (sample.tokens_per_second > 0) speed.push_back(sample.tokens_per_second);
    }
    if (ttft.size() >= kSamplesMin) {
      out[i].ttft_p50_ms = quantile(ttft, 0.5);
      out[i].ttft_p95_ms = quantile(ttft, 0.95);
    }
    if (speed.size() >= kSamplesMin) {
      out[i].tokens_per_second_p50 = quantile(speed, 0.5);
      out[i].tokens_per_second_p05 = quantile(speed, 0.05);
    }
  }
  return out;
}

}  // namespace nearside::telemetry
