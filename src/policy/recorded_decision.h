// A decision as a ledger keeps it, read back far enough to decide again.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "policy/ask.h"
#include "policy/quote.h"
#include "policy/rules.h"

namespace nearside::policy {

struct RecordedDecision {
  /// What a target gave, and whether it could be asked.
  struct Seen {
    Quote quote;
    bool overflowing = false;
    std::string down_why;  // empty: it was up
  };

  base::WallTime time{};
  Ask ask;             // without the label's findings, which the label of a record does not need
  std::string chosen;  // "" when it was refused
  std::map<std::string, Seen> seen;  // by target's name

  /// Live figures under which `set` quotes its targets as they were quoted then. Targets that were
  /// not considered then are taken for up and as fast as configured.
  [[nodiscard]] std::vector<Live> live_for(const PolicySet& set) const;
};

/// From what to_json(Decision) wrote; members that older records lack keep their defaults.
/// Errors: kCorrupt (no such object).
base::Result<RecordedDecision> read_decision(const base::json::value& decision);

}  // namespace nearside::policy
