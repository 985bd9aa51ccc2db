#include "engine/scheduler.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/check.h"

namespace nearside::engine {

using chat::Priority;

namespace {

/// Least first: what is more urgent.
auto urgency(const Job& job) { return std::tuple(job.priority, job.served, job.arrival); }

std::size_t places_of(std::span<const Job> running, const Job& job) {
  return static_cast<std::size_t>(
      std::count_if(running.begin(), running.end(),
                    [&](const Job& other) { return other.tenant == job.tenant; }));
}

/// Hands out a step's tokens.
class StepPlan {
 public:
  StepPlan(std::span<const Job> jobs, std::size_t budget)
      : jobs_(jobs), left_(budget), counts_(jobs.size(), 0) {}

  /// What the job may still have of the budget. Returns how many tokens that were.
  std::size_t give(std::size_t job) {
    counts_[job] = std::min(left_, jobs_[job].pending);
    left_ -= counts_[job];
    return counts_[job];
  }
  void limit_rest(std::size_t tokens) { left_ = std::min(left_, tokens); }
  [[nodiscard]] std::vector<std::size_t> take() { return std::move(counts_); }

 private:
  std::span<const Job> jobs_;
  std::size_t left_;
  std::vector<std::size_t> counts_;
};

}  // namespace

std::optional<std::size_t> pick_waiting(std::span<const Job> waiting) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < waiting.size(); ++i)
    if (waiting[i].may_start && (!best || urgency(waiting[i]) < urgency(waiting[*best]))) best = i;
  return best;
}

std::optional<std::size_t> pick_victim(std::span<const Job> running, const Job& newcomer,
                                       std::size_t tenants) {
  const std::size_t fair_places =
      std::max<std::size_t>(1, running.size() / std::max<std::size_t>(1, tenants));
  const bool has_less = places_of(running, newcomer) < fair_places;
  const auto gives_way = [&](const Job& job) {
    if (job.priority != newcomer.priority) return job.priority > newcomer.priority;
    return has_less && job.tenant != newcomer.tenant && places_of(running, job) > fair_places;
  };
  std::optional<std::size_t> victim;
  for (std::size_t i = 0; i < running.size(); ++i) {
    if (!gives_way(running[i])) continue;
    const auto rank = [&](std::size_t at) {
      return std::tuple(running[at].priority, running[at].arrival);
    };
    if (!victim || rank(i) > rank(*victim)) victim = i;
  }
  return victim;
}

std::vector<std::size_t> plan_step(std::span<const Job> running, std::size_t batch_tokens_max) {
  CHECK(batch_tokens_max >= 1);
  std::vector<std::size_t> order(running.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto rank = [&](std::size_t i) {
    const Job& job = running[i];
    const bool reads = job.pending > 1;
    // Who waited longest generates first, where not all can: beside a realtime prompt.
    return std::tuple(
        job.priority != Priority::kRealtime, reads, reads ? job.priority : Priority::kRealtime,
        reads ? std::uint64_t{0} : ~job.idle_steps, reads ? job.served : 0, job.arrival);
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });

  StepPlan plan(running, batch_tokens_max);
  std::size_t realtime_tokens = 0;
  bool realtime_reads = false;
  bool limited = false;
  for (const std::size_t i : order) {
    if (running[i].priority == Priority::kRealtime) {
      realtime_tokens += plan.give(i);
      realtime_reads = realtime_reads || running[i].pending > 1;
      continue;
    }
    if (realtime_tokens > 0 && !std::exchange(limited, true))
      plan.limit_rest(realtime_reads
                          ? static_cast<std::size_t>(kShareBesideRealtimePrompt *
                                                     static_cast<double>(realtime_tokens))
                          : kStepTokensBesideRealtime -
                                std::min(kStepTokensBesideRealtime, realtime_tokens));
    plan.give(i);
  }
  return plan.take();
}

}  // namespace nearside::engine
