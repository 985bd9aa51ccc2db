#include "train/example.h"

#include <numeric>

#include "base/check.h"
#include "train/random.h"

namespace nearside::train {

Shard make_shard(std::span<const Example* const> examples) {
  Shard shard;
  shard.starts.push_back(0);
  for (const Example* example : examples) {
    const std::size_t length = example->tokens.size();
    CHECK(example->answer_begin > 0 && example->answer_begin < length);
    const std::size_t first = shard.tokens.size();
    shard.tokens.insert(shard.tokens.end(), example->tokens.begin(), example->tokens.end() - 1);
    for (std::size_t i = example->answer_begin; i < length; ++i) {
      shard.sources.push_back(first + i - 1);
      shard.targets.push_back(example->tokens[i]);
    }
    shard.starts.push_back(shard.tokens.size());
  }
  return shard;
}

std::vector<std::size_t> BatchOrder::at(std::size_t step) {
  std::vector<std::size_t> out;
  for (std::size_t i = step * batch_; i < (step + 1) * batch_; ++i) {
    if (const std::size_t epoch = i / examples_; epoch != epoch_) {
      epoch_ = epoch;
      permutation_.resize(examples_);
      std::iota(permutation_.begin(), permutation_.end(), std::size_t{0});
      Random random(seed_ * 0x9E3779B97F4A7C15ULL + epoch + 1);
      random.shuffle(permutation_);
    }
    out.push_back(permutation_[i % examples_]);
  }
  return out;
}

}  // namespace nearside::train
