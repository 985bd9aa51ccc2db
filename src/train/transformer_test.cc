#include "train/transformer.h"

#include <gtest/gtest.h>

#include "train/example.h"
#include "train/gradient_check.h"

namespace nearside::train {
namespace {

ModelShape tiny_shape(bool tied) {
  ModelShape shape;
  shape.vocabulary = 19;
  shape.dim = 32;
  shape.layers = 2;
  shape.heads = 4;
  shape.kv_heads = 2;
  shape.head_dim = 8;
  shape.ffn_dim = 32;
  shape.context = 16;
  shape.tied_embeddings = tied;
  return shape;
}

std::vector<Example> two_examples() { return {{{3, 5, 7, 5, 9, 2}, 3}, {{1, 4, 4, 18}, 2}}; }

Shard shard_of(const std::vector<Example>& examples) {
  std::vector<const Example*> pointers;
  for (const Example& example : examples) pointers.push_back(&example);
  return make_shard(pointers);
}

class WholeModel : public testing::TestWithParam<bool> {};

TEST_P(WholeModel, GradientMatchesFiniteDifferencesForEveryWeight) {
  const Layout layout(tiny_shape(GetParam()));
  auto weights = initial_weights(layout, 5);
  // Larger weights than at the start, so that every path carries a gradient well above rounding.
  for (const Slot& slot : layout.slots)
    if (!slot.is_gain)
      for (std::size_t i = 0; i < slot.rows * slot.columns; ++i) weights[slot.offset + i] *= 6;
  const Shard shard = shard_of(two_examples());
  Transformer model(layout);
  std::vector<float> gradient(layout.size, 1e9F);  // backward must overwrite all of it
  model.forward(weights.data(), shard, 1.0F);
  model.backward(weights.data(), shard, gradient.data());
  for (const Slot& slot : layout.slots) {
    SCOPED_TRACE(slot.name);
    const auto begin = static_cast<std::ptrdiff_t>(slot.offset);
    const auto end = begin + static_cast<std::ptrdiff_t>(slot.rows * slot.columns);
    const std::vector<float> part(weights.begin() + begin, weights.begin() + end);
    const std::vector<float> part_gradient(gradient.begin() + begin, gradient.begin() + end);
    auto changed = weights;
    const double error = gradient_error(
        part, part_gradient,
        [&](const std::vector<float>& values) {
          std::copy(values.begin(), values.end(), changed.begin() + begin);
          return model.forward(changed.data(), shard, 1.0F).loss_sum;
        },
        1e-3, 4);
    EXPECT_LT(error, 5e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(TiedAndNot, WholeModel, testing::Bool());

TEST(Transformer, SequencesOfAShardDoNotSeeEachOther) {
  const Layout layout(tiny_shape(true));
  const auto weights = initial_weights(layout, 5);
  Transformer model(layout);
  const auto examples = two_examples();
  const double together = model.forward(weights.data(), shard_of(examples), 1.0F).loss_sum;
  const double first = model.forward(weights.data(), shard_of({examples[0]}), 1.0F).loss_sum;
  const double second = model.forward(weights.data(), shard_of({examples[1]}), 1.0F).loss_sum;
  EXPECT_NEAR(together, first + second, 1e-4);
}

TEST(Transformer, OnlyAnswerTokensAreTargets) {
  const Shard shard = shard_of(two_examples());
  EXPECT_EQ(shard.tokens, (std::vector<std::int32_t>{3, 5, 7, 5, 9, 1, 4, 4}));
  EXPECT_EQ(shard.sources, (std::vector<std::size_t>{2, 3, 4, 6, 7}));
  EXPECT_EQ(shard.targets, (std::vector<std::int32_t>{5, 9, 2, 4, 18}));
}

}  // namespace
}  // namespace nearside::train
