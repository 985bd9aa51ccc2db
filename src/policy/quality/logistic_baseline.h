// The router that others are measured against: logistic regression on hashed words and pairs.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/quality/quality_model.h"

namespace nearside::policy {

/// One plain logistic regression for each target over the words of a prompt and their pairs, hashed
/// to 2^18 rows: "lr_gain" of the public routing sets when a strong and a weak target's chances are
/// subtracted. It exists to be compared with on the same folds; nothing is decided by it.
class LogisticBaseline {
 public:
  /// Stochastic gradient descent in an order that `seed` draws; equal arguments, equal weights.
  static LogisticBaseline train(std::span<const JudgedPrompt> prompts, std::uint64_t seed = 1);

  /// REQUIRES: `target` was among the scores of the training.
  [[nodiscard]] double predict(std::string_view prompt, const std::string& target) const;

 private:
  struct Head {
    std::vector<float> weights;  // [row]
    double bias = 0;
  };
  std::map<std::string, Head> heads_;
};

}  // namespace nearside::policy
