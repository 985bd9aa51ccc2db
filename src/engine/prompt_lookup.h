// Guesses what comes next from what came before: answers that extract or copy repeat their prompt.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/batch.h"

namespace nearside::engine {

/// What followed the latest earlier place where the last few tokens stood, at most `tokens_max` of
/// it; the longest match of up to kMatchTokensMax tokens decides, one of fewer than kMatchTokensMin
/// counts for nothing. Costs one pass over `tokens`. Source: Saxena, "Prompt Lookup Decoding"
/// (2023).
inline constexpr std::size_t kMatchTokensMin = 2;
inline constexpr std::size_t kMatchTokensMax = 8;
[[nodiscard]] std::vector<model::TokenId> look_up_continuation(
    std::span<const model::TokenId> tokens, std::size_t tokens_max);

/// How many tokens to guess, by how good the last guesses were: each costs the work of a token,
/// whether it is right or not.
class GuessPace {
 public:
  /// At most `tokens_max`; 0: never guess.
  explicit GuessPace(std::size_t tokens_max);
  /// For the coming step.
  [[nodiscard]] std::size_t length() const { return pause_steps_ > 0 ? 0 : length_; }
  /// What came of a step: `guessed` may be 0, where nothing was found or length() was 0.
  void report(std::size_t guessed, std::size_t right);

 private:
  static constexpr std::size_t kFirst = 3;
  static constexpr std::size_t kPauseStepsMax = 32;

  std::size_t tokens_max_;
  std::size_t length_;
  std::size_t pause_steps_ = 0;
  std::size_t next_pause_steps_ = 1;
};

}  // namespace nearside::engine
