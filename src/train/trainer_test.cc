#include "train/trainer.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "train/checkpoint.h"
#include "train/random.h"

namespace nearside::train {
namespace {

ModelShape tiny_shape() {
  ModelShape shape;
  shape.vocabulary = 12;
  shape.dim = 32;
  shape.layers = 2;
  shape.heads = 2;
  shape.kv_heads = 1;
  shape.head_dim = 16;
  shape.ffn_dim = 64;
  shape.context = 16;
  return shape;
}

// Three random symbols, then "repeat them": the smallest task that needs attention.
std::vector<Example> copying(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Example> out;
  for (std::size_t i = 0; i < count; ++i) {
    Example example;
    for (int j = 0; j < 3; ++j)
      example.tokens.push_back(static_cast<std::int32_t>(random.below(10)));
    example.tokens.push_back(10);
    for (std::size_t j = 0; j < 3; ++j) example.tokens.push_back(example.tokens[j]);
    example.tokens.push_back(11);
    example.answer_begin = 4;
    out.push_back(std::move(example));
  }
  return out;
}

TrainerOptions options(std::size_t steps) {
  TrainerOptions out;
  out.adamw.steps = steps;
  out.adamw.warmup_steps = 10;
  out.adamw.rate_max = 5e-3F;
  out.batch = 32;
  out.shards = 4;
  return out;
}

TEST(Trainer, LearnsToCopyWhatItHasNotSeen) {
  const Layout layout(tiny_shape());
  const auto data = copying(2000, 1);
  base::ThreadPool pool(1);
  Trainer trainer(layout, options(250), initial_weights(layout, 3), data, pool);
  double first = 0;
  double last = 0;
  for (int i = 0; i < 250; ++i) {
    last = trainer.step().loss;
    if (i == 0) first = last;
  }
  EXPECT_NEAR(first, 2.48, 0.2);  // log 12: knows nothing
  EXPECT_LT(last, 0.1);
  EXPECT_GT(trainer.evaluate(copying(200, 99)).exact_fraction(), 0.9);
}

TEST(Trainer, LearnsTheSameWithRoundedProducts) {
  if (kernels::sgemm_bf16_kernel() == nullptr)
    GTEST_SKIP() << "this processor has no bfloat16 products";
  const Layout layout(tiny_shape());
  const auto data = copying(2000, 1);
  base::ThreadPool pool(1);
  TrainerOptions rounded = options(250);
  rounded.products = kernels::sgemm_bf16_kernel();
  Trainer trainer(layout, rounded, initial_weights(layout, 3), data, pool);
  for (int i = 0; i < 250; ++i) trainer.step();
  EXPECT_GT(trainer.evaluate(copying(200, 99)).exact_fraction(), 0.9);
}

TEST(Trainer, WeightsDoNotDependOnTheNumberOfThreads) {
  const Layout layout(tiny_shape());
  const auto data = copying(100, 1);
  std::vector<std::vector<float>> results;
  for (const std::size_t threads : {1U, 3U}) {
    base::ThreadPool pool(threads);
    Trainer trainer(layout, options(20), initial_weights(layout, 3), data, pool);
    for (int i = 0; i < 5; ++i) trainer.step();
    results.push_back(trainer.weights());
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST(Trainer, AKilledAndResumedRunGivesTheSameWeightsAsAnUnbrokenOne) {
  const Layout layout(tiny_shape());
  const auto data = copying(70, 1);  // 32 a step: batches span epochs
  base::ThreadPool pool(2);
  const std::string path = testing::TempDir() + "/nearside-resume.checkpoint";
  Trainer unbroken(layout, options(12), initial_weights(layout, 3), data, pool);
  for (int i = 0; i < 12; ++i) {
    unbroken.step();
    if (i + 1 != 7) continue;
    Checkpoint checkpoint;
    checkpoint.fingerprint = 42;
    checkpoint.steps_done = unbroken.steps_done();
    checkpoint.weights = unbroken.weights();
    checkpoint.first = unbroken.optimiser().first;
    checkpoint.second = unbroken.optimiser().second;
    ASSERT_TRUE(save_checkpoint(path, checkpoint));
  }
  auto loaded = load_checkpoint(path, 42);
  ASSERT_TRUE(loaded) << loaded.error().message;
  Trainer resumed(layout, options(12), initial_weights(layout, 4), data, pool);
  resumed.restore(loaded->steps_done, loaded->weights, loaded->first, loaded->second);
  while (resumed.steps_done() < 12) resumed.step();
  EXPECT_EQ(resumed.weights(), unbroken.weights());
  std::filesystem::remove(path);
}

TEST(LearningRate, WarmsUpAndThenFallsToItsEnd) {
  AdamWOptions o;
  o.rate_max = 1.0F;
  o.rate_end_fraction = 0.1F;
  o.warmup_steps = 10;
  o.steps = 110;
  EXPECT_FLOAT_EQ(learning_rate(o, 0), 0.1F);
  EXPECT_FLOAT_EQ(learning_rate(o, 9), 1.0F);
  EXPECT_NEAR(learning_rate(o, 60), 0.55, 1e-6);
  EXPECT_NEAR(learning_rate(o, 110), 0.1, 1e-6);
}

}  // namespace
}  // namespace nearside::train
