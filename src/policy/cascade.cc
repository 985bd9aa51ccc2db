#include "policy/cascade.h"

#include <algorithm>

#include "policy/decide.h"

namespace nearside::policy {

namespace {

bool applies(const Objective& objective, const Ask& ask) {
  return objective.cascade && ask.answers_judgeable && ask.priority != Priority::kRealtime &&
         (!ask.streamed || objective.cascade->streams);
}

/// Whether both answers, one after the other, keep the request's own bounds. A missing figure is no
/// obstacle, as elsewhere: the first answer is there if the second comes too late.
bool both_fit(const Ask& ask, const Quote& first, const Quote& second) {
  const auto fit = [](const std::optional<double>& a, const std::optional<double>& b,
                      const std::optional<double>& bound) {
    return !bound || !a || !b || *a + *b <= *bound;
  };
  return fit(first.total_p50_ms, second.total_p50_ms, ask.deadline_ms) &&
         fit(first.cost_usd, second.cost_usd, ask.cost_max_usd);
}

}  // namespace

std::optional<CascadePlan> plan_cascade(const Objective& objective, const Ask& ask,
                                        const std::vector<Considered>& considered,
                                        const std::vector<std::size_t>& ranked) {
  if (!applies(objective, ask)) return std::nullopt;
  const auto at = [&](std::size_t rank) -> const Considered& { return considered[ranked[rank]]; };
  const auto next_good = [&](std::size_t from) {
    std::size_t rank = from;
    while (rank < ranked.size() && !at(rank).good_enough) ++rank;
    return rank;
  };
  // The escalation of a cheap first try: who would have served without one.
  const std::size_t sure = next_good(0);
  if (sure >= ranked.size()) return std::nullopt;
  const Quote& sure_quote = at(sure).quote;
  std::optional<std::size_t> cheap;
  double cheap_usd = sure_quote.cost_usd.value_or(0);
  for (std::size_t rank = 0; rank < ranked.size(); ++rank) {
    const Quote& quote = at(rank).quote;
    if (at(rank).good_enough || !quote.cost_usd || !sure_quote.cost_usd ||
        quote.good_probability < objective.cascade->quality_min ||
        !both_fit(ask, quote, sure_quote))
      continue;
    const double expected_usd =
        *quote.cost_usd + (1 - quote.good_probability) * *sure_quote.cost_usd;
    if (expected_usd >= cheap_usd) continue;
    cheap = rank;
    cheap_usd = expected_usd;
  }
  if (cheap) return CascadePlan{*cheap, *cheap < sure ? sure - 1 : sure};
  if (sure != 0) return std::nullopt;
  const std::size_t next = next_good(1);
  if (next >= ranked.size() || !both_fit(ask, at(0).quote, at(next).quote)) return std::nullopt;
  return CascadePlan{0, next - 1};
}

}  // namespace nearside::policy
