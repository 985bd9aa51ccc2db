// Predicts the chance that each target answers a prompt well, and learns from every judged answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/quality/prompt_features.h"

namespace nearside::policy {

/// A prompt and how well targets answered it, 0 to 1.
struct JudgedPrompt {
  std::string prompt;
  std::map<std::string, double> scores;  // by target
};

struct QualityEstimate {
  double good_probability = 0;
  /// How much of the prompt's words and shape the training knew, 0 to 1. Below kFamiliarMax the
  /// estimate leans to the target's average, at kFamiliarMin and below it is the average.
  double familiarity = 0;
  std::size_t judged = 0;  // answers of this target that the model learned from
};

struct QualityTraining {
  unsigned rounds = 15;
  double rate = 0.3;       // first step; falls as 1 / (1 + rate x decay x steps)
  double decay = 0.003;    // of the weights in each step: the ridge
  std::uint64_t seed = 1;  // order of the prompts
};
// Source of the figures above: mean APGR over three five-fold splits of the public routing sets
// (docs/routing.md), of which each was near the best on every set.

/// One logistic head for each target over shared features: hashed words, pairs and triples, four-
/// letter pieces and shape classes, each group scaled to a length of its own, and ten standardised
/// counts and their products. Rare words weigh no more than frequent ones: weights by rarity cost
/// 0.03 of APGR on RouteLLM GSM8K and 0.01 on MMLU, and gained 0.01 on one pair of ZeroEval.
/// Predictions read 4 KiB of the prompt at most. Not thread-safe while it learns; a const model is.
class QualityModel {
 public:
  static constexpr double kFamiliarMin = 0.35, kFamiliarMax = 0.7;
  static constexpr std::size_t kTargetsMax = 256;
  static constexpr std::size_t kDense = 46;  // 10 counts and the 36 products of the first eight

  QualityModel() = default;

  /// How far an estimate may leave the target's average: 0 at kFamiliarMin and below, 1 from
  /// kFamiliarMax on.
  static double trust(double familiarity);

  /// Errors: kInvalidArgument (no prompt, a score outside 0 to 1, more than kTargetsMax targets).
  static base::Result<QualityModel> train(std::span<const JudgedPrompt> prompts,
                                          const QualityTraining& settings);

  /// Empty for a target that was never judged.
  [[nodiscard]] std::optional<QualityEstimate> predict(std::string_view prompt,
                                                       const std::string& target) const;
  /// All judged targets at once, for the price of reading the prompt once.
  [[nodiscard]] std::map<std::string, QualityEstimate> predict(std::string_view prompt) const;

  /// One step towards a judged answer: feedback, a shadow comparison. A new target begins as its
  /// first judgement. Errors: kInvalidArgument (score outside 0 to 1), kExhausted (kTargetsMax).
  base::Status learn(std::string_view prompt, const std::string& target, double score);

  /// File: "NSQUAL2\n", then counts and weights, little-endian, zero weights left out.
  [[nodiscard]] std::string serialize() const;
  /// Errors: kCorrupt (not such a file, cut off, figures out of range).
  static base::Result<QualityModel> parse(std::string_view file);

  [[nodiscard]] std::vector<std::string> targets() const;

 private:
  struct Head {
    std::vector<float> weights;  // [feature row, then dense]
    double scale = 1;            // of all weights: lets the ridge cost nothing
    double bias = 0;
    double score_sum = 0;
    std::uint64_t judged = 0;
    std::uint64_t steps = 0;
  };
  struct Input {
    std::vector<Feature> sparse;  // weighted and scaled
    double familiarity = 0;
  };
  Input input(std::string_view prompt) const;
  void count(std::string_view prompt);
  static double logit(const Head& head, const Input& input);
  static void step(Head& head, const Input& input, double score, const QualityTraining& settings);
  QualityEstimate estimate(const Head& head, const Input& input) const;

  std::vector<std::uint32_t> seen_;  // [feature row]: prompts that had it
  std::uint64_t prompts_ = 0;
  std::vector<double> dense_sum_, dense_squares_;  // [kDense]
  std::map<std::string, Head> heads_;
};

}  // namespace nearside::policy
