#include "policy/quality/routing_score.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/check.h"

namespace nearside::policy {

namespace {

RoutingScore averages(std::span<const PairOutcome> outcomes) {
  RoutingScore score;
  for (const PairOutcome& outcome : outcomes) {
    score.weak += outcome.weak;
    score.strong += outcome.strong;
  }
  const auto count = static_cast<double>(std::max<std::size_t>(1, outcomes.size()));
  score.weak /= count;
  score.strong /= count;
  return score;
}

}  // namespace

RoutingScore score_routing(std::span<const PairOutcome> outcomes,
                           std::span<const double> want_strong) {
  CHECK(outcomes.size() == want_strong.size());
  RoutingScore score = averages(outcomes);
  const auto count = static_cast<double>(outcomes.size());
  const double gap = (score.strong - score.weak) * count;
  if (outcomes.empty() || gap == 0) return score;  // nothing to recover
  std::vector<std::size_t> order(outcomes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return want_strong[a] > want_strong[b]; });
  double gained = 0, before = 0, area = 0;
  bool reached[3] = {};
  double* const shares[3] = {&score.cpt50, &score.cpt80, &score.cpt95};
  constexpr double kWanted[3] = {0.5, 0.8, 0.95};
  for (std::size_t i = 0; i < order.size(); ++i) {
    gained += outcomes[order[i]].strong - outcomes[order[i]].weak;
    const double recovered = gained / gap;
    area += (before + recovered) / 2;
    before = recovered;
    for (std::size_t k = 0; k < 3; ++k)
      if (!reached[k] && recovered >= kWanted[k]) {
        reached[k] = true;
        *shares[k] = static_cast<double>(i + 1) / count;
      }
  }
  score.apgr = area / count;
  return score;
}

RoutingScore score_random(std::span<const PairOutcome> outcomes) {
  RoutingScore score = averages(outcomes);
  score.apgr = 0.5;
  score.cpt50 = 0.5;
  score.cpt80 = 0.8;
  score.cpt95 = 0.95;
  return score;
}

RoutingScore score_oracle(std::span<const PairOutcome> outcomes) {
  std::vector<double> gains;
  for (const PairOutcome& outcome : outcomes) gains.push_back(outcome.strong - outcome.weak);
  return score_routing(outcomes, gains);
}

}  // namespace nearside::policy
