// What would another policy have decided, and what would that have cost?
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "policy/recorded_decision.h"
#include "policy/rules.h"

namespace nearside::policy {

/// What the request of a decision used and cost in the end, all attempts together.
struct Served {
  std::uint64_t input_tokens = 0, cached_input_tokens = 0, output_tokens = 0;
  std::optional<double> cost_usd;
};

/// Decisions of one kind: from a target ("refused" for none) to a target.
struct ReplayedMove {
  std::size_t decisions = 0;
  double before_usd = 0, after_usd = 0;  // of those priced on both sides
  std::size_t unpriced = 0;
};

struct ReplayReport {
  std::size_t decisions = 0;
  std::size_t changed = 0;
  std::size_t unknown_model = 0;  // asked for a route or target that the new policy does not have
  double before_usd = 0, after_usd = 0;  // of all that are priced on both sides
  std::size_t unpriced = 0;
  std::map<std::pair<std::string, std::string>, ReplayedMove> moves;  // of the changed ones
};

/// Decides recorded requests again, under the figures of their time. Not thread-safe.
///
/// An unchanged decision costs what it cost. A changed one costs the tokens that the request used
/// at the new target's price (with what was read from a cache as fresh: another server has not
/// read it), or, on own hardware, the quoted time; nothing when it is refused. `before` and `after`
/// are therefore comparable, but an answer of another model has another length: the difference is
/// an estimate.
class PolicyReplay {
 public:
  /// `set` must outlive it.
  explicit PolicyReplay(const PolicySet& set) : set_(set) {}

  /// The target that the policy chooses now, "refused", or "" when it does not know the model.
  std::string add(const RecordedDecision& past, const Served& served);

  [[nodiscard]] const ReplayReport& report() const { return report_; }

 private:
  const PolicySet& set_;
  ReplayReport report_;
};

}  // namespace nearside::policy
