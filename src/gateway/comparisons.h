// Some requests are asked again of a second target, after their answer was delivered, so that the
// quality model learns of targets that nobody would have asked.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "gateway/comparison.h"
#include "gateway/serving.h"
#include "policy/decide.h"

namespace nearside::gateway {

/// An answer that was given, and what a second one to the same request needs.
struct Sample {
  std::shared_ptr<const Snapshot> snapshot;
  std::string decision_id, tenant, key_name;
  policy::Decision decision;
  chat::Request request;
  std::string prompt;            // what is learned from; see judged_prompt.h
  std::size_t target_index = 0;  // that answered
  WholeAnswer answer;
};

/// The second target is one that the request was permitted from the start. Nothing is asked while
/// that target is busy, when ComparisonRules::at_once are under way, or when the day's money would
/// not pay the most that it may cost. What it costs stands in the ledger as a record of its own
/// (operation "comparison", its attempts marked `shadow`), without a tenant unless they are
/// charged.
///
/// Thread-safe. Its work is done on backends' threads.
class Comparisons {
 public:
  struct Parts {
    const base::Clock& clock;
    base::Logger& log;
    telemetry::Ledger& ledger;
    telemetry::Metrics& metrics;
    telemetry::DecisionIds& decision_ids;
    QuotaStore& quotas;
    Feedback* feedback = nullptr;  // that learns; null: nothing is learned
  };
  Comparisons(Parts parts, std::uint64_t seed);
  /// Cancels what is under way.
  ~Comparisons();
  Comparisons(const Comparisons&) = delete;
  Comparisons& operator=(const Comparisons&) = delete;

  /// Whether this request's answer shall be compared: its tenant takes part, its label may be
  /// learned from, another target may have it, and it was drawn.
  [[nodiscard]] bool draws(const ComparisonRules& rules, const policy::Decision& decision,
                           const chat::Request& request, bool uses_template);
  /// Returns at once. Its outcome, that nothing was asked included, is counted.
  void begin(Sample sample);

  [[nodiscard]] std::size_t under_way() const;

 private:
  class Run;
  friend class Run;
  std::optional<std::size_t> pick(const Sample& sample);  // an index into decision.considered
  void start(Sample sample, std::size_t considered, double most_usd, QuotaHold hold);
  void skipped(const Sample& sample, std::string_view why);
  /// With mutex_ held: whether the day's money pays for it; taken if so.
  bool reserve(double most_usd, double day_usd);
  void ended(std::uint64_t id, std::int64_t day, double reserved_usd, double cost_usd);

  const Parts parts_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::mt19937_64 random_;
  std::map<std::uint64_t, std::shared_ptr<Run>> runs_;
  std::uint64_t next_id_ = 0;
  std::int64_t day_ = 0;  // since 1970, of spent_usd_
  double spent_usd_ = 0;
  std::size_t reserving_ = 0;  // quotas that have not answered
  bool stopping_ = false;
};

}  // namespace nearside::gateway
