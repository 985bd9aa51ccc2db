// Limits and budgets: reserved before a request is served, settled when it has ended.
//
// Counters belong to windows of the wall clock (a minute, a day), so that every node that shares a
// store means the same window. An amount is granted only when all counters of a request have room
// for it, in one step: what is under way and what was used never exceed a limit together.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace nearside::gateway {

/// One bound of one subject.
struct QuotaRule {
  enum class Subject { kKey, kTenant, kRoute };
  std::string name;  // unique; part of the counters' names
  Subject subject = Subject::kTenant;
  std::string of;                         // the key's, tenant's or route's name
  std::uint64_t requests_per_minute = 0;  // 0: no bound
  std::uint64_t tokens_per_minute = 0;    // prompt and answer; 0: no bound
  double budget_usd = 0;                  // 0: no bound
  std::chrono::seconds budget_window{86'400};
};

/// What one request wants of one counter. Amounts are whole: requests, tokens, millionths of a
/// dollar.
struct Charge {
  enum class Kind { kRequests, kTokens, kMoney };
  Kind kind = Kind::kRequests;
  std::string counter;  // "team-a/tokens"
  std::uint64_t limit = 0;
  std::uint64_t amount = 0;
  std::chrono::seconds window{60};
  std::int64_t window_number = 0;  // of the wall clock: seconds since 1970 / window
};

/// Nothing: granted. Else the charge that had no room.
using Refusal = std::optional<std::size_t>;

/// Thread-safe.
class QuotaStore {
 public:
  using Done = std::function<void(base::Result<Refusal>)>;
  virtual ~QuotaStore() = default;
  /// All charges or none. `done` is called once, possibly before reserve returns, possibly on
  /// another thread. Errors: kUnavailable (the store cannot say).
  virtual void reserve(std::vector<Charge> charges, Done done) = 0;
  /// Corrects what was reserved to what was used: `used[i]` for `charges[i]`. A window that is over
  /// is left alone.
  virtual void settle(const std::vector<Charge>& charges,
                      const std::vector<std::uint64_t>& used) = 0;
};

/// Counters of this process. Answers at once.
class LocalQuotaStore final : public QuotaStore {
 public:
  void reserve(std::vector<Charge> charges, Done done) override;
  void settle(const std::vector<Charge>& charges, const std::vector<std::uint64_t>& used) override;

  /// What another store knows of a counter: it is not less used than that.
  void learn(const Charge& charge, std::uint64_t used);
  [[nodiscard]] std::uint64_t used(const std::string& counter) const;

 private:
  struct Counter {
    std::int64_t window_number = 0;
    std::uint64_t used = 0;
  };
  Counter& counter_of(const Charge& charge);

  mutable std::mutex mutex_;                 // guards counters_
  std::map<std::string, Counter> counters_;  // one for each bound of the configuration
};

/// A reservation that settles itself: with what was used, or with nothing when it is dropped.
class QuotaHold {
 public:
  QuotaHold() = default;
  QuotaHold(QuotaStore* store, std::vector<Charge> charges)
      : store_(store), charges_(std::move(charges)) {}
  QuotaHold(QuotaHold&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)), charges_(std::move(other.charges_)) {}
  QuotaHold& operator=(QuotaHold&& other) noexcept {
    std::swap(store_, other.store_);
    std::swap(charges_, other.charges_);
    return *this;
  }
  ~QuotaHold() { settle(0, 0); }

  /// Once; later calls do nothing. The request itself stays counted.
  void settle(std::uint64_t tokens, double cost_usd);

 private:
  QuotaStore* store_ = nullptr;
  std::vector<Charge> charges_;
};

/// Whose request it is and what it may use at most.
struct QuotaAsk {
  std::string_view key_name;
  std::string_view tenant;
  std::string_view route;
  std::uint64_t tokens_most = 0;
  double cost_most_usd = 0;
};

/// The charges of a request under these rules.
std::vector<Charge> charges_of(const std::vector<QuotaRule>& rules, const QuotaAsk& ask,
                               base::WallTime now);

/// How long until the window of a charge ends, in whole seconds, at least one.
std::chrono::seconds until_window_ends(const Charge& charge, base::WallTime now);

/// Answers of which nobody said how long they may be are reserved this long, about three pages of
/// text. One that is longer uses what the next would have had.
inline constexpr std::uint64_t kAnswerTokensReserved = 2'048;

}  // namespace nearside::gateway
