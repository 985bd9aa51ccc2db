// What the requests of a ledger have cost, by target.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace nearside::telemetry {

/// The sum over all attempts at one target.
struct TargetCosts {
  std::string target, place;
  std::uint64_t attempts = 0;
  std::uint64_t unpriced = 0;  // of them, whose cost is not known
  std::uint64_t input_tokens = 0, cached_input_tokens = 0, cache_write_tokens = 0;
  std::uint64_t output_tokens = 0, reasoning_tokens = 0;
  double cost_usd = 0;  // of those whose cost is known
  double energy_joules = 0;
};

/// Requests whose decision was made from `since` on and before `until`: beginnings of RFC 3339
/// times in UTC, such as "2026-11" or "2026-11-24T08"; empty: no bound.
struct CostWindow {
  std::string since, until;
};

/// Reads a ledger, also one that a node writes. By target's name. Attempts recorded before a figure
/// existed count as zero of it. Errors: those of store; kCorrupt (no ledger).
base::Result<std::vector<TargetCosts>> sum_costs(const std::string& ledger_file,
                                                 const CostWindow& window);

}  // namespace nearside::telemetry
