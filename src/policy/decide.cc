#include "policy/decide.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include "policy/cascade.h"
#include "policy/veto.h"

namespace nearside::policy {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::infinity();  // sorts behind every figure

struct Candidates {
  std::string route;
  std::vector<std::size_t> targets;
  Objective objective;
};

base::Result<Candidates> candidates_for(const PolicySet& set, const std::string& model) {
  const auto of_route = [&](std::size_t index) {
    const Route& route = set.routes[index];
    return Candidates{route.name, route.targets, route.objective};
  };
  if (const auto index = set.find_route(model)) return of_route(*index);
  if (model == "auto" && set.default_route < set.routes.size()) return of_route(set.default_route);
  if (const auto index = set.find_target(model)) return Candidates{"", {*index}, set.objective};
  return base::fail(base::Code::kNotFound,
                    "model '{}' is not known here; GET /v1/models lists what is", model);
}

bool keeps_wishes(const Objective& objective, const Ask& ask, const Quote& quote) {
  const auto keeps = [](const std::optional<double>& figure, const std::optional<double>& bound) {
    return !bound || (figure && *figure <= *bound);
  };
  if (!keeps(quote.total_p95_ms, ask.deadline_ms)) return false;
  if (ask.priority == Priority::kBatch) return true;
  return keeps(quote.ttft_p95_ms, objective.ttft_max_ms) &&
         keeps(quote.total_p95_ms, objective.total_max_ms);
}

/// Smaller is better. 0: good and fast enough; 1: good enough, slow; 2: not good enough.
int class_of(const Considered& candidate) {
  if (!candidate.good_enough) return 2;
  return candidate.fast_enough ? 0 : 1;
}

/// What decides inside a class, in order of weight. The name comes last, so that the order is total
/// and equal inputs give equal decisions.
auto rank_key(const Considered& candidate, Priority priority) {
  const Quote& quote = candidate.quote;
  const double cost = quote.cost_usd.value_or(kUnknown);
  const double ttft = quote.ttft_p95_ms.value_or(kUnknown);
  const double total = quote.total_p50_ms.value_or(kUnknown);
  const int klass = class_of(candidate);
  // Whoever talks to a person does not stand in a queue while another target is free.
  const int queued = priority == Priority::kRealtime && quote.queue_ms > 0 ? 1 : 0;
  const double worse = -quote.good_probability;
  double first = cost;
  double second = total;
  if (klass == 2)
    std::tie(first, second) = std::tie(worse, cost);
  else if (priority == Priority::kRealtime)
    std::tie(first, second) = std::tie(ttft, cost);
  else if (klass == 1 && priority == Priority::kNormal)
    std::tie(first, second) = std::tie(total, cost);
  return std::tuple(klass, queued, first, second, worse, total, std::string_view(candidate.target));
}

std::string_view why_first(const Considered& candidate, Priority priority) {
  switch (class_of(candidate)) {
    case 2:
      return "none is good enough: the best answer";
    case 1:
      return priority == Priority::kRealtime
                 ? "none keeps the latency wishes: the earliest first token"
             : priority == Priority::kBatch ? "none keeps the deadline for sure: the cheapest"
                                            : "none keeps the latency wishes: the fastest";
    default:
      return priority == Priority::kRealtime
                 ? "realtime: the earliest first token of those good enough"
                 : "the cheapest of those good and fast enough";
  }
}

std::string_view class_text(int klass) {
  constexpr std::string_view kTexts[] = {"good and fast enough", "good enough, too slow",
                                         "below quality_min"};
  return kTexts[klass];
}

/// Moves the candidate of that rank to the front; the order of the others stays.
void move_to_front(std::vector<std::size_t>& ranked, std::size_t rank) {
  const auto at = ranked.begin() + static_cast<std::ptrdiff_t>(rank);
  std::rotate(ranked.begin(), at, at + 1);
}

/// The first place by another reason than the order; empty: the order stands.
std::string take_first_place(Decision& decision, const Objective& objective) {
  auto& ranked = decision.ranked;
  const auto& considered = decision.considered;
  if (const std::string& caller = decision.ask.tools_called_by; !caller.empty()) {
    const auto found = std::find_if(ranked.begin(), ranked.end(), [&](std::size_t index) {
      return considered[index].target == caller;
    });
    if (found == ranked.end()) return {};
    move_to_front(ranked, static_cast<std::size_t>(found - ranked.begin()));
    return "its tool calls are being answered";
  }
  const auto plan = plan_cascade(objective, decision.ask, considered, ranked);
  if (!plan) return {};
  decision.cascade = objective.cascade;
  move_to_front(ranked, plan->first);
  // ranked[1] is who is asked next.
  std::rotate(ranked.begin() + 1,
              ranked.begin() + 1 + static_cast<std::ptrdiff_t>(plan->escalation),
              ranked.begin() + 2 + static_cast<std::ptrdiff_t>(plan->escalation));
  return fmt::format("tried first, {} is asked if the answer fails", considered[ranked[1]].target);
}

void rank(Decision& decision, const Objective& objective) {
  auto& considered = decision.considered;
  for (std::size_t i = 0; i < considered.size(); ++i)
    if (considered[i].vetoes.empty()) decision.ranked.push_back(i);
  const Priority priority = decision.ask.priority;
  std::sort(decision.ranked.begin(), decision.ranked.end(), [&](std::size_t a, std::size_t b) {
    return rank_key(considered[a], priority) < rank_key(considered[b], priority);
  });
  const std::string first = take_first_place(decision, objective);
  for (std::size_t place = 0; place < decision.ranked.size(); ++place) {
    Considered& candidate = considered[decision.ranked[place]];
    candidate.standing =
        place == 0 ? fmt::format("chosen: {}", first.empty() ? why_first(candidate, priority)
                                                             : std::string_view(first))
                   : fmt::format("fallback {}: {}", place, class_text(class_of(candidate)));
    if (candidate.hidden) candidate.standing += "; with placeholders for personal values";
  }
}

/// Lets a target serve with placeholders which sensitivity alone keeps the request from.
void consider_hidden(const PolicySet& set, const Target& target, const Ask& ask, Considered& one) {
  if (!set.pseudonyms || !ask.sensitivity_hidden) return;
  const PseudonymRule& rule = *set.pseudonyms;
  const bool named =
      std::find(rule.targets.begin(), rule.targets.end(), target.name) != rule.targets.end();
  if (!named || ask.label.sensitivity > rule.up_to ||
      !set.places_for(*ask.sensitivity_hidden).has(target.place))
    return;
  one.hidden =
      std::erase_if(one.vetoes, [](const Veto& veto) { return veto.rule == "sensitivity"; }) != 0;
}

/// Has every target a privacy veto, or one of this rule?
bool all_forbidden_or(const Decision& decision, std::string_view rule) {
  return std::all_of(
      decision.considered.begin(), decision.considered.end(), [&](const Considered& one) {
        return std::any_of(one.vetoes.begin(), one.vetoes.end(), [&](const Veto& veto) {
          return is_privacy_veto(veto) || veto.rule == rule;
        });
      });
}

/// Why nothing may serve, and as which error the client hears it. Privacy speaks first: when no
/// target is permitted at all, it does not matter that one of them is also down.
void refuse(Decision& decision) {
  struct Reason {
    std::string_view rule;
    base::Code code;
    std::string_view text;
  };
  constexpr Reason kReasons[] = {
      {"", base::Code::kPermission, "no target is permitted for this {} request"},
      {"context", base::Code::kContextLength,
       "no target permitted for this {} request has room for its prompt and answer"},
      {"cost_cap", base::Code::kExhausted,
       "every target permitted for this {} request would cost more than its cap"},
      {"deadline", base::Code::kDeadline,
       "no target permitted for this {} request usually answers before its deadline"},
      {"ability", base::Code::kUnsupported,
       "no target permitted for this {} request can do what it needs"},
      {"down", base::Code::kUnavailable, "every target permitted for this {} request is down"},
  };
  if (decision.considered.empty()) {
    decision.refusal_code = base::Code::kUnavailable;
    decision.refusal = "this node has no target; add models and targets to its configuration";
    return;
  }
  Reason reason{"", base::Code::kUnavailable,
                "no target permitted for this {} request can serve it"};
  for (const Reason& one : kReasons) {
    if (!all_forbidden_or(decision, one.rule)) continue;
    reason = one;
    break;
  }
  decision.refusal_code = reason.code;
  decision.refusal =
      fmt::format(fmt::runtime(reason.text), sensitivity_name(decision.ask.label.sensitivity));
  for (const Considered& one : decision.considered)
    decision.refusal += fmt::format("; {}: {}", one.target, one.vetoes.front().reason);
}

}  // namespace

base::Result<Decision> decide(const PolicySet& set, std::span<const Live> live, Ask ask,
                              base::WallTime now) {
  CHECK(live.size() == set.targets.size());
  const Candidates candidates = TRY(candidates_for(set, ask.model));

  Decision decision;
  decision.route = candidates.route;
  decision.time = now;
  std::vector<const Rule*> matching;
  for (const Rule& rule : set.rules) {
    if (!rule_matches(rule, ask, candidates.route)) continue;
    matching.push_back(&rule);
    decision.rules.push_back(fmt::format("{}: {}", rule.name, rule_demand(rule)));
  }

  decision.considered.reserve(candidates.targets.size());
  for (const std::size_t index : candidates.targets) {
    const Target& target = set.targets[index];
    Considered& one = decision.considered.emplace_back();
    one.target_index = index;
    one.target = target.name;
    one.place = target.place;
    one.region = target.region;
    one.quote = quote(target, live[index], ask);
    one.vetoes = vetoes(set, matching, target, live[index], ask, one.quote);
    consider_hidden(set, target, ask, one);
    one.good_enough = one.quote.good_probability >= candidates.objective.quality_min;
    one.overflowing = live[index].overflowing;
    one.fast_enough = !one.overflowing && keeps_wishes(candidates.objective, ask, one.quote);
    if (!one.vetoes.empty()) one.standing = "vetoed: " + one.vetoes.front().reason;
  }
  decision.ask = std::move(ask);
  rank(decision, candidates.objective);
  if (decision.refused()) refuse(decision);
  return decision;
}

}  // namespace nearside::policy
