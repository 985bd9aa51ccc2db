// One training example: a prompt, the answer to learn, and how a batch is laid out from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "train/transformer.h"

namespace nearside::train {

/// Tokens of prompt and answer; only those from `answer_begin` on are learnt.
/// REQUIRES: 0 < answer_begin < tokens.size().
struct Example {
  std::vector<std::int32_t> tokens;
  std::size_t answer_begin = 0;
  [[nodiscard]] std::size_t target_count() const { return tokens.size() - answer_begin; }
};

/// Lays examples end to end. The last token of each is only a target, never an input.
Shard make_shard(std::span<const Example* const> examples);

/// Which examples make a step's batch: every epoch is a fresh permutation, and a step may span two.
/// A function of seed and step only, so a resumed run sees what an unbroken one does.
class BatchOrder {
 public:
  BatchOrder(std::size_t examples, std::size_t batch, std::uint64_t seed)
      : examples_(examples), batch_(batch), seed_(seed) {}
  /// Indices of the step's examples, [batch].
  std::vector<std::size_t> at(std::size_t step);

 private:
  std::size_t examples_;
  std::size_t batch_;
  std::uint64_t seed_;
  std::size_t epoch_ = ~std::size_t{0};
  std::vector<std::size_t> permutation_;  // of epoch_
};

}  // namespace nearside::train
