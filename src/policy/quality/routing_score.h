// How good an order of prompts is for sending the hard ones to the strong model.
#pragma once

#include <cstddef>
#include <span>

namespace nearside::policy {

/// How well both models answered one prompt, 0 to 1.
struct PairOutcome {
  double weak = 0;
  double strong = 0;
};

/// Source: Ong et al., "RouteLLM" (2024), 4.1: PGR is the share of the gap between always-weak and
/// always-strong that is recovered; APGR its mean over all shares of strong calls; CPT(x) the least
/// share that recovers x. APGR can exceed 1: the strong model is not better everywhere.
struct RoutingScore {
  double weak = 0, strong = 0;  // mean outcomes of always-weak and always-strong
  double apgr = 0;
  double cpt50 = 1, cpt80 = 1, cpt95 = 1;
};

/// `want_strong`: the higher, the earlier a prompt goes to the strong model; equal values keep
/// their order. REQUIRES: as many values as outcomes.
RoutingScore score_routing(std::span<const PairOutcome> outcomes,
                           std::span<const double> want_strong);

/// What a coin of every bias gets on average: APGR 0.5, CPT(x) = x. No simulation, no luck.
RoutingScore score_random(std::span<const PairOutcome> outcomes);
/// What somebody gets who knows both outcomes.
RoutingScore score_oracle(std::span<const PairOutcome> outcomes);

}  // namespace nearside::policy
