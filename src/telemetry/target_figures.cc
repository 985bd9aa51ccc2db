#include "telemetry/target_figures.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>

#include "base/check.h"

namespace nearside::telemetry {

namespace {

struct Sample {
  base::SteadyTime time;
  Took took;
};

/// The value below which `share` of the values lie (nearest rank). REQUIRES: not empty.
double quantile(std::vector<double>& values, double share) {
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

/// What the samples say.
struct Sketch {
  base::SteadyTime drawn{};
  policy::Live figures;
  std::optional<double> service_ms;
};

// A sketch of many samples is drawn anew when this share of them is new, or when it is this old: a
// quantile does not move by more, and each decision asks for it.
constexpr std::size_t kShareNew = 16;
constexpr std::chrono::seconds kSketchAgeMax{1};

}  // namespace

struct TargetFigures::State {
  struct One {
    std::size_t concurrency = 0;
    std::size_t under_way = 0;
    std::deque<Sample> samples;
    std::size_t samples_new = 0;  // since the sketch was drawn
    Sketch sketch;
  };
  mutable std::mutex mutex;  // guards targets
  std::vector<One> targets;
};

TargetFigures::TargetFigures(std::vector<std::size_t> concurrency)
    : state_(std::make_unique<State>()) {
  for (const std::size_t count : concurrency) state_->targets.emplace_back().concurrency = count;
}
TargetFigures::~TargetFigures() = default;

bool TargetFigures::started(std::size_t target_index) {
  const std::scoped_lock lock(state_->mutex);
  CHECK(target_index < state_->targets.size());
  State::One& target = state_->targets[target_index];
  return target.under_way++ >= target.concurrency && target.concurrency > 0;
}

void TargetFigures::finished(std::size_t target_index, base::SteadyTime now, const Took& took) {
  const std::scoped_lock lock(state_->mutex);
  CHECK(target_index < state_->targets.size());
  State::One& target = state_->targets[target_index];
  CHECK(target.under_way > 0);
  --target.under_way;
  if (took.ttft_ms <= 0) return;
  target.samples.push_back({now, took});
  ++target.samples_new;
  if (target.samples.size() > kSamplesKept) target.samples.pop_front();
}

namespace {

struct FirstToken {
  double ms = 0;
  double prompt_tokens = 0;
};

/// Time to the first token as base + slope x prompt, neither below zero.
struct PromptLine {
  double mean_tokens = 0;
  double share = 0;  // of the time at the mean prompt, that grows with it

  /// How much longer such a prompt takes than the mean one.
  [[nodiscard]] double factor(double prompt_tokens) const {
    return mean_tokens > 0 ? 1 - share + share * prompt_tokens / mean_tokens : 1;
  }
};

PromptLine fit(const std::vector<FirstToken>& times) {
  double tokens = 0, ms = 0;
  for (const FirstToken& one : times) {
    if (one.prompt_tokens <= 0) return {};
    tokens += one.prompt_tokens;
    ms += one.ms;
  }
  const auto count = static_cast<double>(times.size());
  tokens /= count;
  ms /= count;
  double together = 0, spread = 0;
  for (const FirstToken& one : times) {
    together += (one.prompt_tokens - tokens) * (one.ms - ms);
    spread += (one.prompt_tokens - tokens) * (one.prompt_tokens - tokens);
  }
  const double slope = spread > 0 ? together / spread : 0;
  return {tokens, ms > 0 ? std::clamp(slope * tokens / ms, 0.0, 1.0) : 0};
}

/// The queue of a target that serves so many at once. Empty: not known.
std::optional<policy::QueueState> queue_of(std::size_t concurrency, std::size_t under_way,
                                           const std::optional<double>& service_ms) {
  if (concurrency == 0) return std::nullopt;
  policy::QueueState queue;
  queue.waiting = under_way >= concurrency ? under_way - concurrency + 1 : 0;
  queue.service_ms = service_ms.value_or(0);
  queue.concurrency = static_cast<double>(concurrency);
  return queue;
}

Sketch draw(const std::deque<Sample>& samples, base::SteadyTime now) {
  Sketch out;
  out.drawn = now;
  std::vector<FirstToken> ttft, all_ttft;
  std::vector<double> speed, at_mean;
  double generating_ms = 0;
  for (const Sample& sample : samples) {
    if (now - sample.time > TargetFigures::kSampleAgeMax) continue;
    all_ttft.push_back({sample.took.ttft_ms, sample.took.prompt_tokens});
    if (!sample.took.queued) ttft.push_back(all_ttft.back());
    generating_ms += std::max(sample.took.total_ms - sample.took.ttft_ms, 0.0);
    if (sample.took.tokens_per_second > 0) speed.push_back(sample.took.tokens_per_second);
  }
  if (all_ttft.size() >= TargetFigures::kSamplesMin) {
    const std::vector<FirstToken>& times =
        ttft.size() >= TargetFigures::kSamplesMin ? ttft : all_ttft;
    const PromptLine line = fit(times);
    for (const FirstToken& one : times)
      at_mean.push_back(one.ms / std::max(line.factor(one.prompt_tokens), 1e-3));
    out.figures.ttft_prompt_tokens = line.mean_tokens;
    out.figures.ttft_prompt_share = line.share;
    out.figures.ttft_p50_ms = quantile(at_mean, 0.5);
    out.figures.ttft_p95_ms = quantile(at_mean, 0.95);
    out.service_ms =
        *out.figures.ttft_p50_ms + generating_ms / static_cast<double>(all_ttft.size());
  }
  if (speed.size() >= TargetFigures::kSamplesMin) {
    out.figures.tokens_per_second_p50 = quantile(speed, 0.5);
    out.figures.tokens_per_second_p05 = quantile(speed, 0.05);
  }
  return out;
}

}  // namespace

std::vector<policy::Live> TargetFigures::snapshot(base::SteadyTime now) const {
  const std::scoped_lock lock(state_->mutex);
  std::vector<policy::Live> out;
  out.reserve(state_->targets.size());
  for (State::One& target : state_->targets) {
    if (target.samples_new > target.samples.size() / kShareNew ||
        now - target.sketch.drawn > kSketchAgeMax) {
      target.sketch = draw(target.samples, now);
      target.samples_new = 0;
    }
    policy::Live& live = out.emplace_back(target.sketch.figures);
    live.queue_depth = target.under_way;
    live.queue = queue_of(target.concurrency, target.under_way, target.sketch.service_ms);
  }
  return out;
}

}  // namespace nearside::telemetry
