// How much a caller may learn of a model from its log-probabilities.
//
// The attack (Carlini et al. 2024, "Stealing Part of a Production Language Model"): the logits of a
// model with a hidden size h lie in a space of h dimensions, so whoever collects more than h whole
// vectors of them finds h, and the last layer up to a rotation, by a singular value decomposition.
// Whole vectors come from asking for the likeliest tokens again and again, each time with a bias
// that lifts others among them; or from forcing tokens by a grammar and reading their
// probabilities.
//
// What is done about it, for each caller (API key):
// - logprobs together with logit_bias are refused;
// - of each distribution no more than its `top_max` likeliest tokens are ever told, however often
//   it is asked for; a drawn token that is not among them is told as kUnlikely, as OpenAI's API has
//   it. One distribution then gives at most top_max numbers and brings h unknowns: as long as
//   top_max is below h, no collection of them determines the space;
// - numbers are rounded to a grid, which puts a floor of noise under what is left;
// - so many different distributions are told in a window of time, and no more.
//
// Log-probabilities are computed before bias and penalties (chat/event.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chat/event.h"
#include "chat/request.h"

namespace nearside::telemetry {
class Metrics;
}

namespace nearside::gateway {

/// `logprobs` of the configuration.
struct LogprobRules {
  bool with_logit_bias = false;  // may be asked for together
  std::uint32_t top_max = 20;    // likeliest tokens told of one distribution; below any hidden size
  bool tell_unlikely = false;    // drawn tokens that are not among those: what a grammar forces
  double grid = 0.01;            // in nats: 1 % of a probability; 0: as they are
  /// Different distributions told to one caller in a window; 0: no bound. A classifier that reads
  /// one token of each answer needs as many as it has requests.
  std::size_t distributions_max = 100'000;
  std::chrono::milliseconds window{24 * 3600 * 1000};
};

/// Instead of the log-probability of a token that is not among those told: "very unlikely" in
/// OpenAI's API.
inline constexpr float kUnlikely = -9999.0F;

/// What each caller was told. Lives as long as the node: a reload gives nobody a new budget.
/// Thread-safe. Holds 8 bytes and the set's overhead (about 40) for each distribution of the
/// window.
class LogprobBudgets {
 public:
  /// False when `caller` has used the budget up.
  bool may_ask(const std::string& caller, const LogprobRules& rules, base::SteadyTime now);
  /// Counts a distribution, once however often it is told. False when the budget has no room.
  bool count(const std::string& caller, std::uint64_t distribution, const LogprobRules& rules,
             base::SteadyTime now);

 private:
  struct Account {
    base::SteadyTime window_began;
    std::unordered_set<std::uint64_t> told;
  };
  Account& account(const std::string& caller, const LogprobRules& rules, base::SteadyTime now);

  std::mutex mutex_;                         // guards accounts_
  std::map<std::string, Account> accounts_;  // by key name: as many as the configuration has had
};

/// Refuses what may not be asked, and has the target tell enough to judge its answer by.
/// Errors: kPermission (with a logit_bias), kExhausted (the budget).
base::Status admit_logprobs(const LogprobRules& rules, const std::string& caller,
                            LogprobBudgets& budgets, telemetry::Metrics& metrics,
                            base::SteadyTime now, chat::Request& request);

/// The log-probabilities of one answer on their way to the caller. Not thread-safe.
class LogprobTeller {
 public:
  /// `asked`: how many likeliest tokens the caller wants. All references outlive it.
  LogprobTeller(const LogprobRules& rules, std::string caller, std::uint32_t asked,
                LogprobBudgets& budgets, telemetry::Metrics& metrics, const base::Clock& clock)
      : rules_(rules),
        caller_(std::move(caller)),
        asked_(asked),
        budgets_(budgets),
        metrics_(metrics),
        clock_(clock) {}
  ~LogprobTeller();
  LogprobTeller(const LogprobTeller&) = delete;
  LogprobTeller& operator=(const LogprobTeller&) = delete;

  /// Rounds, caps, and empties the list from where the budget ends. `model`: whose they are.
  void tell(std::string_view model, std::vector<chat::TokenLogprob>& logprobs);

 private:
  void cap(chat::TokenLogprob& token);

  const LogprobRules& rules_;
  const std::string caller_;
  const std::uint32_t asked_;
  LogprobBudgets& budgets_;
  telemetry::Metrics& metrics_;
  const base::Clock& clock_;
  std::size_t told_ = 0, unlikely_ = 0, withheld_ = 0;
};

}  // namespace nearside::gateway
