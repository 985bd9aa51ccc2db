#include "policy/policy_replay.h"

#include "policy/decide.h"

namespace nearside::policy {

namespace {

constexpr char kRefused[] = "refused";

std::optional<double> cost_there(const PolicySet& set, const Decision& now, const Served& served) {
  if (now.refused()) return 0;
  const Considered& chosen = now.chosen();
  if (served.input_tokens + served.output_tokens == 0) return chosen.quote.cost_usd;
  return cost_usd(set.targets[chosen.target_index],
                  {.input_tokens = served.input_tokens,
                   .output_tokens = served.output_tokens,
                   .busy_seconds = chosen.quote.total_p50_ms.value_or(0) / 1000});
}

}  // namespace

std::string PolicyReplay::add(const RecordedDecision& past, const Served& served) {
  ++report_.decisions;
  const auto live = past.live_for(set_);
  const auto now = decide(set_, live, past.ask, past.time);
  if (!now) {
    ++report_.unknown_model;
    return "";
  }
  const std::string before = past.chosen.empty() ? kRefused : past.chosen;
  const std::string after = now->refused() ? kRefused : now->chosen().target;
  const bool same = before == after;
  const std::optional<double> before_usd = past.chosen.empty() ? 0 : served.cost_usd;
  const std::optional<double> after_usd = same ? before_usd : cost_there(set_, *now, served);
  const bool priced = before_usd && after_usd;
  const auto count = [&](auto& sums) {
    sums.before_usd += priced ? *before_usd : 0;
    sums.after_usd += priced ? *after_usd : 0;
    sums.unpriced += priced ? 0 : 1;
  };
  count(report_);
  if (same) return after;
  ++report_.changed;
  ReplayedMove& move = report_.moves[{before, after}];
  ++move.decisions;
  count(move);
  return after;
}

}  // namespace nearside::policy
