#include "gateway/quota.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace nearside::gateway {
namespace {

constexpr double kMicro = 1e6;

std::uint64_t micro_dollars(double usd) {
  return static_cast<std::uint64_t>(std::ceil(std::max(usd, 0.0) * kMicro));
}

bool concerns(const QuotaRule& rule, const QuotaAsk& ask) {
  switch (rule.subject) {
    case QuotaRule::Subject::kKey:
      return rule.of == ask.key_name;
    case QuotaRule::Subject::kTenant:
      return rule.of == ask.tenant;
    case QuotaRule::Subject::kRoute:
      return rule.of == ask.route;
  }
  return false;
}

std::int64_t seconds_of(base::WallTime now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

}  // namespace

std::vector<Charge> charges_of(const std::vector<QuotaRule>& rules, const QuotaAsk& ask,
                               base::WallTime now) {
  std::vector<Charge> charges;
  const auto add = [&](const QuotaRule& rule, Charge::Kind kind, const char* what,
                       std::uint64_t limit, std::uint64_t amount, std::chrono::seconds window) {
    if (limit == 0) return;
    charges.push_back({.kind = kind,
                       .counter = rule.name + what,
                       .limit = limit,
                       .amount = amount,
                       .window = window,
                       .window_number = seconds_of(now) / window.count()});
  };
  for (const QuotaRule& rule : rules) {
    if (!concerns(rule, ask)) continue;
    const std::chrono::seconds minute(60);
    add(rule, Charge::Kind::kRequests, "/requests", rule.requests_per_minute, 1, minute);
    add(rule, Charge::Kind::kTokens, "/tokens", rule.tokens_per_minute, ask.tokens_most, minute);
    add(rule, Charge::Kind::kMoney, "/usd", micro_dollars(rule.budget_usd),
        micro_dollars(ask.cost_most_usd), rule.budget_window);
  }
  return charges;
}

std::chrono::seconds until_window_ends(const Charge& charge, base::WallTime now) {
  const std::int64_t end = (charge.window_number + 1) * charge.window.count();
  return std::chrono::seconds(std::max<std::int64_t>(1, end - seconds_of(now)));
}

LocalQuotaStore::Counter& LocalQuotaStore::counter_of(const Charge& charge) {
  Counter& counter = counters_[charge.counter];
  if (counter.window_number < charge.window_number) counter = {charge.window_number, 0};
  return counter;
}

void LocalQuotaStore::reserve(std::vector<Charge> charges, Done done) {
  Refusal refusal;
  {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < charges.size() && !refusal; ++i) {
      const std::uint64_t used = counter_of(charges[i]).used;
      if (used > charges[i].limit || charges[i].amount > charges[i].limit - used) refusal = i;
    }
    if (!refusal)
      for (const Charge& charge : charges) counter_of(charge).used += charge.amount;
  }
  done(refusal);
}

void LocalQuotaStore::settle(const std::vector<Charge>& charges,
                             const std::vector<std::uint64_t>& used) {
  CHECK(charges.size() == used.size());
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < charges.size(); ++i) {
    Counter& counter = counter_of(charges[i]);
    if (counter.window_number != charges[i].window_number) continue;
    counter.used -= std::min(counter.used, charges[i].amount);
    counter.used += used[i];
  }
}

void LocalQuotaStore::learn(const Charge& charge, std::uint64_t used) {
  const std::scoped_lock lock(mutex_);
  Counter& counter = counter_of(charge);
  if (counter.window_number == charge.window_number) counter.used = std::max(counter.used, used);
}

std::uint64_t LocalQuotaStore::used(const std::string& counter) const {
  const std::scoped_lock lock(mutex_);
  const auto found = counters_.find(counter);
  return found == counters_.end() ? 0 : found->second.used;
}

void QuotaHold::settle(std::uint64_t tokens, double cost_usd) {
  if (store_ == nullptr) return;
  std::vector<std::uint64_t> used;
  for (const Charge& charge : charges_) switch (charge.kind) {
      case Charge::Kind::kRequests:
        used.push_back(charge.amount);
        break;
      case Charge::Kind::kTokens:
        used.push_back(tokens);
        break;
      case Charge::Kind::kMoney:
        used.push_back(micro_dollars(cost_usd));
        break;
    }
  std::exchange(store_, nullptr)->settle(charges_, used);
}

}  // namespace nearside::gateway
