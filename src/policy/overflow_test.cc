#include "policy/overflow.h"

#include <gtest/gtest.h>

namespace nearside::policy {
namespace {

using std::chrono::milliseconds;

constexpr base::SteadyTime kStart{};

TEST(Overflow, BeginsBeforeTheDeadlineIsLost) {
  Overflow overflow({});
  EXPECT_FALSE(overflow.elsewhere(700, 1000, kStart));
  EXPECT_TRUE(overflow.elsewhere(810, 1000, kStart));
}

TEST(Overflow, StaysUntilTheQueueWasClearForAWhile) {
  Overflow overflow({});
  EXPECT_TRUE(overflow.elsewhere(900, 1000, kStart));
  EXPECT_TRUE(overflow.elsewhere(500, 1000, kStart + milliseconds(100)));
  EXPECT_TRUE(overflow.elsewhere(100, 1000, kStart + milliseconds(200)));
  EXPECT_TRUE(overflow.elsewhere(100, 1000, kStart + milliseconds(2100)));
  EXPECT_FALSE(overflow.elsewhere(100, 1000, kStart + milliseconds(2200)));
}

TEST(Overflow, AShortPeakStartsTheWaitAnew) {
  Overflow overflow({});
  overflow.elsewhere(900, 1000, kStart);
  overflow.elsewhere(100, 1000, kStart + milliseconds(100));
  overflow.elsewhere(500, 1000, kStart + milliseconds(1500));
  EXPECT_TRUE(overflow.elsewhere(100, 1000, kStart + milliseconds(2200)));
  EXPECT_FALSE(overflow.elsewhere(100, 1000, kStart + milliseconds(4200)));
}

TEST(Overflow, DoesNotFlapWhenTheQueueMovesBetweenItsBounds) {
  Overflow overflow({});
  int changes = 0;
  bool before = false;
  for (int i = 0; i < 1000; ++i) {
    const bool now =
        overflow.elsewhere(i % 2 == 0 ? 850 : 450, 1000, kStart + milliseconds(50 * i));
    changes += now != before ? 1 : 0;
    before = now;
  }
  EXPECT_EQ(changes, 1);
}

TEST(Overflow, ExpectsWhatStandsBeforeInTheQueue) {
  EXPECT_DOUBLE_EQ(expected_first_token_ms({8, 500, 4, 120.0}), 8.0 / 4 * 500 + 120);
  EXPECT_DOUBLE_EQ(expected_first_token_ms({}), 0);
}

}  // namespace
}  // namespace nearside::policy
