// What one target would give for one request, or why it may not serve it.
#pragma once

#include <optional>
#include <string>

#include "policy/ask.h"
#include "policy/target.h"

namespace nearside::policy {

/// Why a target may not serve.
struct Veto {
  std::string rule;    // "sensitivity", "rule:<name>", "residency", "down", "ability", "context",
                       // "deadline", "cost_cap", "pinned"
  std::string reason;  // one sentence
};

struct Quote {
  double good_probability = 0;     // P(good answer)
  std::optional<double> cost_usd;  // empty: not known
  std::optional<double> ttft_p50_ms, ttft_p95_ms;
  std::optional<double> total_p50_ms, total_p95_ms;
  std::optional<double> energy_joules;
  double queue_ms = 0;             // of the times: until it is this request's turn
  std::vector<std::string> notes;  // which figures were missing and what was assumed
};

/// A target without a quality figure is taken for this good.
inline constexpr double kQualityUnknown = 0.5;
/// Without measurements the slow end is this many times the expected time. Source: p99/p50 of time
/// to first token on lightly loaded engines lies near 2 to 3; two is the cautious end for a p95.
inline constexpr double kSlowEndFactor = 2.0;

/// Figures only; no rules. Pure.
Quote quote(const Target& target, const Live& live, const Ask& ask);

}  // namespace nearside::policy
