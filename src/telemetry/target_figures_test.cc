#include "telemetry/target_figures.h"

#include <gtest/gtest.h>

#include "policy/quote.h"

namespace nearside::telemetry {
namespace {

constexpr base::SteadyTime kStart{std::chrono::hours(1)};

TEST(TargetFigures, SayNothingBeforeEnoughWasSeen) {
  TargetFigures figures({0, 0});
  for (int i = 0; i < 4; ++i) {
    figures.started(1);
    figures.finished(1, kStart, {100, 50});
  }
  EXPECT_FALSE(figures.snapshot(kStart)[1].ttft_p50_ms.has_value());
}

TEST(TargetFigures, GiveQuantilesOfWhatIsRecent) {
  TargetFigures figures({0});
  for (int i = 1; i <= 100; ++i) {
    figures.started(0);
    figures.finished(0, kStart, {1.0 * i, 1000.0 / i});
  }
  const auto live = figures.snapshot(kStart + std::chrono::minutes(1))[0];
  EXPECT_NEAR(*live.ttft_p50_ms, 50, 1);
  EXPECT_NEAR(*live.ttft_p95_ms, 95, 1);
  EXPECT_LT(*live.tokens_per_second_p05, *live.tokens_per_second_p50);
  EXPECT_FALSE(figures.snapshot(kStart + std::chrono::minutes(11))[0].ttft_p50_ms.has_value());
}

TEST(TargetFigures, LearnHowTheFirstTokenGrowsWithThePrompt) {
  TargetFigures figures({0});
  for (int i = 1; i <= 20; ++i) {  // 50 ms, and one for every ten tokens
    figures.started(0);
    figures.finished(0, kStart, {.ttft_ms = 50 + 10.0 * i, .prompt_tokens = 100.0 * i});
  }
  const auto live = figures.snapshot(kStart)[0];
  EXPECT_DOUBLE_EQ(live.ttft_prompt_tokens, 1050);
  EXPECT_NEAR(live.ttft_prompt_share, 105.0 / 155, 1e-9);
  EXPECT_NEAR(*live.ttft_p50_ms, 155, 1e-6);
  EXPECT_NEAR(*live.ttft_p95_ms, 155, 1e-6);  // there is no spread but the prompt's
  policy::Ask ask;
  ask.prompt_tokens = 5000;
  EXPECT_NEAR(*policy::quote({}, live, ask).ttft_p95_ms, 550, 1e-6);
}

TEST(TargetFigures, CountWhatIsUnderWay) {
  TargetFigures figures({0});
  figures.started(0);
  figures.started(0);
  figures.finished(0, kStart, {});
  EXPECT_EQ(figures.snapshot(kStart)[0].queue_depth, 1U);
}

TEST(TargetFigures, TellTheQueueApartFromTheService) {
  TargetFigures figures({2, 0});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(figures.started(0), i >= 2);
  // Two were served at once; what waited says how long it waited, not how long serving takes.
  for (int i = 0; i < 6; ++i) figures.finished(0, kStart, {100, 50, 500, false});
  figures.finished(0, kStart, {4000, 50, 4400, true});
  const auto live = figures.snapshot(kStart)[0];
  EXPECT_DOUBLE_EQ(*live.ttft_p50_ms, 100);
  ASSERT_TRUE(live.queue.has_value());
  EXPECT_EQ(live.queue->waiting,
            2U);  // three are under way: one waits, and the next comes after it
  EXPECT_DOUBLE_EQ(live.queue->service_ms, 500);
  EXPECT_FALSE(figures.started(1));
  EXPECT_FALSE(figures.snapshot(kStart)[1].queue.has_value());
}

}  // namespace
}  // namespace nearside::telemetry
