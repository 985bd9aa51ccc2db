#include "upstream/breaker.h"

#include <gtest/gtest.h>

namespace nearside::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::SteadyTime kStart{seconds(1000)};

TEST(Breaker, StaysClosedWhileFailuresAreNotInARow) {
  Breaker breaker;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(breaker.admit(kStart));
    breaker.failed(kStart, "reset");
    EXPECT_TRUE(breaker.admit(kStart));
    breaker.failed(kStart, "reset");
    EXPECT_TRUE(breaker.admit(kStart));
    breaker.succeeded();
  }
  EXPECT_FALSE(breaker.closed_off(kStart));
}

TEST(Breaker, OpensAfterThreeInARowAndSaysWhy) {
  Breaker breaker;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(breaker.admit(kStart));
    breaker.failed(kStart, "cannot connect");
  }
  EXPECT_FALSE(breaker.admit(kStart + milliseconds(1999)));
  const auto why = breaker.closed_off(kStart);
  ASSERT_TRUE(why);
  EXPECT_EQ(*why, "paused for 2 s after 3 failures in a row, the last: cannot connect");
}

TEST(Breaker, LetsOneRequestTryAfterThePause) {
  Breaker breaker;
  for (int i = 0; i < 3; ++i) breaker.failed(kStart, "x");
  const auto later = kStart + seconds(2);
  EXPECT_FALSE(breaker.closed_off(later));
  EXPECT_TRUE(breaker.admit(later));
  EXPECT_FALSE(breaker.admit(later));
  EXPECT_TRUE(breaker.closed_off(later));
  breaker.succeeded();
  EXPECT_TRUE(breaker.admit(later));
  EXPECT_TRUE(breaker.admit(later));
}

TEST(Breaker, PausesTwiceAsLongAfterEachFailedTryUpToABound) {
  Breaker breaker;
  auto now = kStart;
  for (int i = 0; i < 3; ++i) breaker.failed(now, "x");
  for (const int pause : {2, 4, 8, 16, 32, 60, 60}) {
    EXPECT_FALSE(breaker.admit(now + seconds(pause) - milliseconds(1)));
    now += seconds(pause);
    ASSERT_TRUE(breaker.admit(now)) << pause;
    breaker.failed(now, "x");
  }
}

TEST(Breaker, AWithdrawnTryLeavesRoomForTheNext) {
  Breaker breaker;
  for (int i = 0; i < 3; ++i) breaker.failed(kStart, "x");
  ASSERT_TRUE(breaker.admit(kStart + seconds(2)));
  breaker.withdrawn();
  EXPECT_TRUE(breaker.admit(kStart + seconds(2)));
}

TEST(Breaker, HeedsRetryAfterAtOnceButNotForHours) {
  Breaker breaker;
  breaker.failed(kStart, "429", seconds(7));
  EXPECT_FALSE(breaker.admit(kStart + milliseconds(6999)));
  EXPECT_TRUE(breaker.admit(kStart + seconds(7)));
  Breaker greedy;
  greedy.failed(kStart, "429", std::chrono::hours(4));
  EXPECT_TRUE(greedy.admit(kStart + seconds(60)));
}

TEST(Breaker, LateFailuresOfRequestsSentBeforeDoNotProlongThePause) {
  Breaker breaker;
  for (int i = 0; i < 3; ++i) breaker.failed(kStart, "x");
  for (int i = 0; i < 50; ++i) breaker.failed(kStart + seconds(1), "x");
  EXPECT_TRUE(breaker.admit(kStart + seconds(2)));
}

}  // namespace
}  // namespace nearside::upstream
