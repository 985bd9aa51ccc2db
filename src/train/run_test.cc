#include "train/run.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"
#include "train/random.h"

namespace nearside::train {
namespace {

ModelShape tiny_shape() {
  ModelShape shape;
  shape.vocabulary = 12;
  shape.dim = 32;
  shape.layers = 1;
  shape.heads = 1;
  shape.kv_heads = 1;
  shape.head_dim = 32;
  shape.ffn_dim = 32;
  shape.context = 8;
  return shape;
}

std::vector<Example> some_examples(std::size_t count) {
  Random random(1);
  std::vector<Example> out;
  for (std::size_t i = 0; i < count; ++i) {
    Example example;
    for (int j = 0; j < 6; ++j)
      example.tokens.push_back(static_cast<std::int32_t>(random.below(12)));
    example.answer_begin = 3;
    out.push_back(std::move(example));
  }
  return out;
}

RunOptions options(const std::string& checkpoint_path) {
  RunOptions out;
  out.trainer.adamw.steps = 25;
  out.trainer.adamw.warmup_steps = 5;
  out.trainer.batch = 8;
  out.trainer.shards = 2;
  out.checkpoint_path = checkpoint_path;
  out.checkpoint_every = 10;
  out.report_every = 5;
  out.validate_every = 15;
  return out;
}

class Run : public testing::Test {
 protected:
  Run() : layout_(tiny_shape()), examples_(some_examples(50)), pool_(2) {
    path_ = testing::TempDir() + "/nearside-run.checkpoint";
    std::filesystem::remove(path_);
  }
  ~Run() override { std::filesystem::remove(path_); }

  base::Result<RunResult> train(const RunOptions& with,
                                const std::function<void(const Progress&)>& on_progress) {
    return run_training(layout_, initial_weights(layout_, 1), examples_,
                        std::span(examples_).first(10), with, pool_, clock_, on_progress);
  }

  Layout layout_;
  std::vector<Example> examples_;
  base::ThreadPool pool_;
  base::SystemClock clock_;
  std::string path_;
};

struct Killed {};

TEST_F(Run, KilledAnywhereAndStartedAgainItEndsWithTheSameWeightsAndCurve) {
  const auto unbroken = train(options(""), [](const Progress&) {});
  ASSERT_TRUE(unbroken);
  for (const std::size_t killed_at : {5U, 15U, 20U}) {
    std::filesystem::remove(path_);
    EXPECT_THROW((void)train(options(path_),
                             [&](const Progress& progress) {
                               if (progress.point.step == killed_at) throw Killed{};
                             }),
                 Killed);
    bool resumed = false;
    const auto result = train(options(path_), [&](const Progress& p) { resumed |= p.resumed; });
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(resumed, killed_at > 10);
    EXPECT_EQ(result->weights, unbroken->weights);
    ASSERT_EQ(result->curve.size(), unbroken->curve.size());
    for (std::size_t i = 0; i < result->curve.size(); ++i)
      EXPECT_EQ(result->curve[i].loss, unbroken->curve[i].loss);
  }
}

TEST_F(Run, StartedAgainAfterItsEndItOnlyReadsTheCheckpoint) {
  const auto first = train(options(path_), [](const Progress&) {});
  ASSERT_TRUE(first);
  int calls = 0;
  const auto second = train(options(path_), [&](const Progress&) { ++calls; });
  ASSERT_TRUE(second);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(second->weights, first->weights);
  EXPECT_TRUE(second->validation.has_value());
}

TEST_F(Run, StoppedEarlyItGivesTheWeightsTheScheduleHasThere) {
  RunOptions stopped = options("");
  stopped.stop_after = 15;
  const auto early = train(stopped, [](const Progress&) {});
  ASSERT_TRUE(early);
  EXPECT_EQ(early->curve.back().step, 15U);
  stopped.checkpoint_path = path_;
  ASSERT_TRUE(train(stopped, [](const Progress&) {}));
  const auto whole = train(options(path_), [](const Progress&) {});  // goes on to step 25
  const auto unbroken = train(options(""), [](const Progress&) {});
  ASSERT_TRUE(whole);
  ASSERT_TRUE(unbroken);
  EXPECT_EQ(whole->weights, unbroken->weights);
  EXPECT_NE(early->weights, unbroken->weights);
}

TEST_F(Run, RefusesACheckpointOfAnotherRunOrADamagedOne) {
  ASSERT_TRUE(train(options(path_), [](const Progress&) {}));
  RunOptions other = options(path_);
  other.trainer.seed = 2;
  const auto refused = train(other, [](const Progress&) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::kInvalidArgument);

  const auto content = base::read_file(path_);
  ASSERT_TRUE(content);
  ASSERT_TRUE(base::write_file_atomic(path_, std::string_view(*content).substr(0, 1000)));
  EXPECT_EQ(train(options(path_), [](const Progress&) {}).error().code, base::Code::kCorrupt);
  ASSERT_TRUE(base::write_file_atomic(path_, "something else"));
  EXPECT_EQ(train(options(path_), [](const Progress&) {}).error().code, base::Code::kCorrupt);
}

TEST_F(Run, ValidatesOnScheduleAndAfterTheLastStep) {
  std::vector<std::size_t> validated;
  const auto result = train(options(""), [&](const Progress& progress) {
    if (progress.point.validation_loss >= 0) validated.push_back(progress.point.step);
  });
  ASSERT_TRUE(result);
  EXPECT_EQ(validated, (std::vector<std::size_t>{15, 25}));
  EXPECT_TRUE(result->validation.has_value());
}

}  // namespace
}  // namespace nearside::train
