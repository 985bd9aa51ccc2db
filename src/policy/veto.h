// The hard rules: which of them apply to a request, and what they forbid.
#pragma once

#include <vector>

#include "policy/ask.h"
#include "policy/quote.h"
#include "policy/rules.h"

namespace nearside::policy {

/// Does every condition of the rule hold? `route` is "" when a target was pinned.
bool rule_matches(const Rule& rule, const Ask& ask, std::string_view route);

/// What the rule demands, for explanations: "only device, onprem; only in eu".
std::string rule_demand(const Rule& rule);

/// What the matching rule has against the target; empty: nothing.
std::optional<Veto> rule_veto(const Rule& rule, const Target& target);

/// Everything that forbids the target for this request: places by sensitivity, residency of label
/// and tenant, the matching rules, health, context, deadline, cost cap. All of them, not the first,
/// so that an explanation is complete. `matching` are the rules for which rule_matches holds.
std::vector<Veto> vetoes(const PolicySet& set, const std::vector<const Rule*>& matching,
                         const Target& target, const Live& live, const Ask& ask,
                         const Quote& quote);

/// Could the privacy rules alone (sensitivity, residency, rules) permit this target?
bool is_privacy_veto(const Veto& veto);

}  // namespace nearside::policy
