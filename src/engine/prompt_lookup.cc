#include "engine/prompt_lookup.h"

#include <algorithm>

namespace nearside::engine {

using model::TokenId;

std::vector<TokenId> look_up_continuation(std::span<const TokenId> tokens, std::size_t tokens_max) {
  if (tokens_max == 0 || tokens.size() <= kMatchTokensMin) return {};
  const TokenId last = tokens.back();
  std::size_t best_end = 0;
  std::size_t best_match = kMatchTokensMin - 1;
  // From the back, so that of equally long matches the latest is taken.
  for (std::size_t end = tokens.size() - 1; end >= kMatchTokensMin; --end) {
    if (tokens[end - 1] != last) continue;
    std::size_t match = 1;
    while (match < kMatchTokensMax && match < end &&
           tokens[end - 1 - match] == tokens[tokens.size() - 1 - match])
      ++match;
    if (match <= best_match) continue;
    best_match = match;
    best_end = end;
    if (match == kMatchTokensMax) break;
  }
  if (best_end == 0) return {};
  const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(best_end);
  const std::size_t count = std::min(tokens_max, tokens.size() - best_end);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

GuessPace::GuessPace(std::size_t tokens_max)
    : tokens_max_(tokens_max), length_(std::min(kFirst, tokens_max)) {}

void GuessPace::report(std::size_t guessed, std::size_t right) {
  if (pause_steps_ > 0) {
    --pause_steps_;
    return;
  }
  if (guessed == 0) return;
  if (right == guessed) {
    length_ = std::min(tokens_max_, 2 * guessed);
    next_pause_steps_ = 1;
  } else if (right > 0) {
    length_ = std::min(tokens_max_, right + 1);
    next_pause_steps_ = 1;
  } else {
    // Wrong again and again: this text does not repeat itself, and guesses only cost.
    length_ = std::min(kFirst, tokens_max_);
    pause_steps_ = next_pause_steps_;
    next_pause_steps_ = std::min(2 * next_pause_steps_, kPauseStepsMax);
  }
}

}  // namespace nearside::engine
