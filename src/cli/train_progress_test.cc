#include "cli/train_progress.h"

#include <gtest/gtest.h>

namespace nearside::cli {
namespace {

train::Progress halfway() {
  train::Progress progress;
  progress.steps = 200;
  progress.point.step = 100;
  progress.point.loss = 0.5;
  progress.point.rate = 0.001;
  progress.tokens_per_second = 6100;
  progress.seconds_left = 125;
  return progress;
}

TEST(TrainProgress, TellsStepLossPaceAndTimeLeft) {
  EXPECT_EQ(progress_line(halfway()),
            "step 100/200  loss 0.5000  rate 0.001  6100 tokens/s  2:05 left");
}

TEST(TrainProgress, BarIsFilledAsFarAsTheRunIsAndFitsItsTerminal) {
  EXPECT_TRUE(progress_bar(halfway(), 200).starts_with("[############............]  step"));
  EXPECT_EQ(progress_bar(halfway(), 30).size(), 30U);
}

TEST(TrainProgress, WritesTimesAsAClockWould) {
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(3725), "1:02:05");
  EXPECT_EQ(clock_text(-1), "?");
  EXPECT_EQ(clock_text(1e12), "?");
}

}  // namespace
}  // namespace nearside::cli
