#include "telemetry/target_figures.h"

#include <gtest/gtest.h>

namespace nearside::telemetry {
namespace {

constexpr base::SteadyTime kStart{std::chrono::hours(1)};

TEST(TargetFigures, SayNothingBeforeEnoughWasSeen) {
  TargetFigures figures(2);
  for (int i = 0; i < 4; ++i) {
    figures.started(1);
    figures.finished(1, kStart, 100, 50);
  }
  EXPECT_FALSE(figures.snapshot(kStart)[1].ttft_p50_ms.has_value());
}

TEST(TargetFigures, GiveQuantilesOfWhatIsRecent) {
  TargetFigures figures(1);
  for (int i = 1; i <= 100; ++i) {
    figures.started(0);
    figures.finished(0, kStart, i, 1000.0 / i);
  }
  const auto live = figures.snapshot(kStart + std::chrono::minutes(1))[0];
  EXPECT_NEAR(*live.ttft_p50_ms, 50, 1);
  EXPECT_NEAR(*live.ttft_p95_ms, 95, 1);
  EXPECT_LT(*live.tokens_per_second_p05, *live.tokens_per_second_p50);
  EXPECT_FALSE(figures.snapshot(kStart + std::chrono::minutes(11))[0].ttft_p50_ms.has_value());
}

TEST(TargetFigures, CountWhatIsUnderWay) {
  TargetFigures figures(1);
  figures.started(0);
  figures.started(0);
  figures.finished(0, kStart, 0, 0);
  EXPECT_EQ(figures.snapshot(kStart)[0].queue_depth, 1U);
}

}  // namespace
}  // namespace nearside::telemetry
