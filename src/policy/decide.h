// The decision: which target serves, which follow if it fails, and every reason.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "policy/ask.h"
#include "policy/quote.h"
#include "policy/rules.h"

namespace nearside::policy {

/// One target as the decision saw it.
struct Considered {
  std::size_t target_index = 0;  // into PolicySet::targets
  std::string target;
  Place place = Place::kDevice;
  std::string region;
  Quote quote;
  std::vector<Veto> vetoes;  // all that apply; empty: may serve
  bool hidden = false;       // may serve, with placeholders for personal values
  bool good_enough = false;  // reaches quality_min
  bool fast_enough = false;  // keeps the latency wishes at its slow end
  bool overflowing = false;  // has too long a queue for this request, so it is not fast enough
  std::string standing;      // "chosen: cheapest of 2 that are good and fast enough", ...
};

struct Decision {
  std::string route;                   // "" when a target was pinned
  std::vector<std::size_t> ranked;     // indices into `considered`: the chosen, then the fallbacks
  std::vector<Considered> considered;  // in the order of the route
  /// Set: the answer of the chosen is judged by these signals, and when it failed ranked[1] is
  /// asked. See cascade.h.
  std::optional<Cascade> cascade;
  std::vector<std::string> rules;  // that matched, with what they demanded
  std::string refusal;             // why nothing may serve; empty when `ranked` is not
  base::Code refusal_code = base::Code::kPermission;  // kPermission: forbidden; kUnavailable: down;
                                                      // kContextLength; kDeadline; kExhausted: cap
  base::WallTime time{};
  Ask ask;  // what was decided about

  [[nodiscard]] bool refused() const { return ranked.empty(); }
  /// REQUIRES: !refused().
  [[nodiscard]] const Considered& chosen() const { return considered[ranked.front()]; }
};

/// Pure: equal arguments give equal decisions. `live` is parallel to `set.targets`.
/// REQUIRES: live.size() == set.targets.size().
/// Errors: kNotFound (model is neither "auto", a route nor a target). A refusal is no error but a
/// Decision with its explanation.
base::Result<Decision> decide(const PolicySet& set, std::span<const Live> live, Ask ask,
                              base::WallTime now);

/// The whole decision for programs: /v1/route/explain, `route explain --json`, the ledger. Never
/// holds text of the request.
std::string to_json(const Decision& decision);

/// The whole decision for people: label, rules, a table of targets, the outcome.
std::string to_text(const Decision& decision);

}  // namespace nearside::policy
