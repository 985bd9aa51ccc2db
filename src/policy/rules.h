// The policy: who may go where (hard), then what to optimise.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/overflow.h"
#include "policy/place.h"
#include "policy/region.h"
#include "policy/sensitivity.h"
#include "policy/target.h"

namespace nearside::policy {

/// When every stated condition holds, the request may only go where every `only` part permits. All
/// rules that match apply, in no order: each can only narrow.
struct Rule {
  std::string name;
  std::string where;  // "nearside.yaml:41", for explanations; "" for built-in

  // when (empty: any)
  std::optional<Sensitivity> sensitivity_at_least;
  std::vector<std::string> categories;  // the label has at least one of them
  std::vector<std::string> tenants;
  std::vector<std::string> routes;
  std::vector<std::string> languages;

  // only
  std::optional<Places> places;
  Regions regions;
  std::vector<std::string> targets;  // "place/name"; empty: any
};

/// Whose answers are judged before they are given, and asked again of a better target when they
/// failed; see cascade.h.
struct Cascade {
  double quality_min = 0;                  // least chance with which a target is tried first
  std::optional<double> logprob_mean_min;  // of an answer's tokens, natural; empty: not looked at
  bool streams = false;                    // streamed answers, too: held until they are judged
};

/// Whether an answer that a target cut off is written on by another: never, when the caller asks
/// for it, or unless the caller does not want it.
enum class Resume { kOff, kAsked, kOn };

/// The objective, in this order: hard rules veto; of the rest, those whose chance of a good answer
/// reaches quality_min and whose slow end (p95) keeps the latency wishes come first, cheapest
/// first; then those that are good enough but slow, fastest first; then the others, best first.
struct Objective {
  double quality_min = 0;
  std::optional<double> ttft_max_ms;   // a wish, not a veto; a request's deadline vetoes
  std::optional<double> total_max_ms;  // likewise
  std::optional<Cascade> cascade;
  Resume resume = Resume::kOff;
};

struct Route {
  std::string name;
  std::vector<std::size_t> targets;  // indices into PolicySet::targets
  Objective objective;               // the policy's, with what the route overrides
};

/// Where requests may go whose personal values were replaced by placeholders, although their
/// sensitivity keeps them from that place. It lifts nothing else: residency and rules hold for the
/// request as it was, and a level that was demanded is not lowered by replacing values.
struct PseudonymRule {
  Sensitivity up_to = Sensitivity::kConfidential;  // restricted data never leave
  std::vector<std::string> targets;                // "place/name"
  std::vector<std::string> detectors;              // whose findings are replaced; sorted
};

/// Everything a decision needs that stays the same between two loads of the configuration. An
/// immutable snapshot: share it freely between threads.
struct PolicySet {
  std::vector<Target> targets;
  std::vector<Route> routes;
  std::size_t default_route = 0;  // what "auto" means
  /// Permitted places by sensitivity; what is more sensitive may never go where less sensitive data
  /// may not.
  std::array<Places, 4> places_by_sensitivity = default_places();
  std::vector<Rule> rules;
  std::optional<PseudonymRule> pseudonyms;
  Objective objective;  // of requests that pin a target
  OverflowSettings overflow;

  /// public, internal: everywhere. confidential: not the cloud. restricted: device and on-prem (an
  /// edge box stands where strangers can reach it).
  static std::array<Places, 4> default_places();

  [[nodiscard]] Places places_for(Sensitivity sensitivity) const {
    return places_by_sensitivity[static_cast<std::size_t>(sensitivity)];
  }
  /// Index of "place/name".
  [[nodiscard]] std::optional<std::size_t> find_target(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> find_route(std::string_view name) const;
  /// Of the route that `model` names; the policy's own for a pinned target.
  [[nodiscard]] const Objective& objective_for(std::string_view model) const;
  /// What clients may name as model: "auto", routes, targets; in that order.
  [[nodiscard]] std::vector<std::string> model_names() const;
};

}  // namespace nearside::policy
