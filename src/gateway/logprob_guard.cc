#include "gateway/logprob_guard.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "telemetry/metrics.h"

namespace nearside::gateway {

using base::Code;
using base::fail;

namespace {

/// FNV-1a: tells distributions apart; nobody gains by two that share a number.
class Hasher {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    hash_ = (hash_ ^ 0xFFU) * 0x100000001B3ULL;
  }
  void add(float number) { add({reinterpret_cast<const char*>(&number), sizeof number}); }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

std::uint64_t identity(std::string_view model, const chat::TokenLogprob& token) {
  Hasher hasher;
  hasher.add(model);
  for (const auto& alternative : token.top) {
    hasher.add(alternative.bytes);
    hasher.add(alternative.logprob);
  }
  // A server that tells of the drawn token only: that is all there is to go by.
  if (token.top.empty()) {
    hasher.add(token.bytes);
    hasher.add(token.logprob);
  }
  return hasher.hash();
}

}  // namespace

LogprobBudgets::Account& LogprobBudgets::account(const std::string& caller,
                                                 const LogprobRules& rules, base::SteadyTime now) {
  Account& of_caller = accounts_[caller];
  if (of_caller.told.empty()) of_caller.window_began = now;
  if (now - of_caller.window_began >= rules.window) of_caller = {now, {}};
  return of_caller;
}

bool LogprobBudgets::may_ask(const std::string& caller, const LogprobRules& rules,
                             base::SteadyTime now) {
  if (rules.distributions_max == 0) return true;
  const std::scoped_lock lock(mutex_);
  return account(caller, rules, now).told.size() < rules.distributions_max;
}

bool LogprobBudgets::count(const std::string& caller, std::uint64_t distribution,
                           const LogprobRules& rules, base::SteadyTime now) {
  if (rules.distributions_max == 0) return true;
  const std::scoped_lock lock(mutex_);
  Account& of_caller = account(caller, rules, now);
  if (of_caller.told.contains(distribution)) return true;
  if (of_caller.told.size() >= rules.distributions_max) return false;
  of_caller.told.insert(distribution);
  return true;
}

base::Status admit_logprobs(const LogprobRules& rules, const std::string& caller,
                            LogprobBudgets& budgets, telemetry::Metrics& metrics,
                            base::SteadyTime now, chat::Request& request) {
  // Biases alone tell by the answers which tokens win, bit by bit: worth watching.
  if (!request.logit_bias.empty()) metrics.extraction_sign(caller, "logit_bias");
  if (!request.logprobs) return {};
  if (!request.logit_bias.empty() && !rules.with_logit_bias) {
    metrics.extraction_sign(caller, "bias_with_logprobs");
    return fail(Code::kPermission,
                "logprobs and logit_bias are not given together here, because the two tell what is "
                "inside a model; ask for one of them");
  }
  if (!budgets.may_ask(caller, rules, now)) {
    metrics.extraction_sign(caller, "budget_used_up");
    return fail(Code::kExhausted,
                "the budget of log-probabilities is used up: {} different distributions in {} s; "
                "ask without logprobs, or later",
                rules.distributions_max, rules.window.count() / 1000);
  }
  // Whether the drawn token is among the likeliest is seen only when those are told.
  request.logprobs = rules.top_max;
  return {};
}

LogprobTeller::~LogprobTeller() {
  metrics_.distributions_told(caller_, told_);
  metrics_.extraction_sign(caller_, "unlikely_token", unlikely_);
  metrics_.extraction_sign(caller_, "withheld", withheld_);
}

void LogprobTeller::cap(chat::TokenLogprob& token) {
  const auto rounded = [this](float value) {
    if (rules_.grid <= 0 || !std::isfinite(value)) return value;
    return static_cast<float>(std::round(static_cast<double>(value) / rules_.grid) * rules_.grid);
  };
  if (token.top.size() > rules_.top_max) token.top.resize(rules_.top_max);
  const bool among = token.top.empty() || rules_.tell_unlikely ||
                     std::any_of(token.top.begin(), token.top.end(), [&](const auto& alternative) {
                       return alternative.bytes == token.bytes;
                     });
  for (auto& alternative : token.top) alternative.logprob = rounded(alternative.logprob);
  token.logprob = among ? rounded(token.logprob) : kUnlikely;
  if (!among) ++unlikely_;
}

void LogprobTeller::tell(std::string_view model, std::vector<chat::TokenLogprob>& logprobs) {
  for (std::size_t i = 0; i < logprobs.size(); ++i) {
    chat::TokenLogprob& token = logprobs[i];
    cap(token);
    if (!budgets_.count(caller_, identity(model, token), rules_, clock_.steady())) {
      withheld_ += logprobs.size() - i;
      logprobs.resize(i);
      return;
    }
    ++told_;
    if (token.top.size() > asked_) token.top.resize(asked_);
  }
}

}  // namespace nearside::gateway
