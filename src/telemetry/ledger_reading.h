// The requests of a ledger, one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "telemetry/ledger_costs.h"

namespace nearside::telemetry {

/// What a ledger says of a request that has ended.
struct PastRequest {
  std::string decision_id;
  std::string target;  // "" when none answered
  std::uint64_t input_tokens = 0, cached_input_tokens = 0, output_tokens = 0;  // of all attempts
  std::optional<double> cost_usd;
  std::string decision_json;
};

/// Calls `visit` for each ended request of the window in the order of time. Reads a ledger, also
/// one that a node writes. Errors: those of store.
base::Status read_requests(const std::string& ledger_file, const CostWindow& window,
                           const std::function<void(const PastRequest&)>& visit);

}  // namespace nearside::telemetry
