#include "worker/residency.h"

#include <gtest/gtest.h>

namespace nearside::worker {
namespace {

struct Model {
  Model(Residency& residency, std::size_t bytes) : member(residency, bytes, [this] { ++woken; }) {}
  int woken = 0;
  Residency::Member member;
};

TEST(Residency, AdmitsWhatFits) {
  Residency residency(100);
  Model a(residency, 60);
  Model b(residency, 40);
  EXPECT_TRUE(a.member.enter());
  EXPECT_TRUE(b.member.enter());
  EXPECT_EQ(residency.bytes(), 100U);
  EXPECT_EQ(a.woken + b.woken, 0);
}

TEST(Residency, AsksTheOneIdleLongestAndWakesWhoWaits) {
  Residency residency(100);
  Model a(residency, 40);
  Model b(residency, 40);
  Model c(residency, 40);
  ASSERT_TRUE(a.member.enter());
  ASSERT_TRUE(b.member.enter());
  a.member.set_busy(true);
  a.member.set_busy(false);  // used after b
  EXPECT_FALSE(c.member.enter());
  EXPECT_TRUE(b.member.asked_to_leave());
  EXPECT_FALSE(a.member.asked_to_leave());
  EXPECT_EQ(b.woken, 1);
  b.member.leave();
  EXPECT_EQ(c.woken, 1);
  EXPECT_TRUE(c.member.enter());
  EXPECT_EQ(residency.bytes(), 80U);
}

TEST(Residency, BusyOnesAreAskedWhenTheyAreDone) {
  Residency residency(100);
  Model a(residency, 80);
  Model b(residency, 80);
  ASSERT_TRUE(a.member.enter());
  a.member.set_busy(true);
  EXPECT_FALSE(b.member.enter());
  EXPECT_FALSE(a.member.asked_to_leave());
  a.member.set_busy(false);
  EXPECT_TRUE(a.member.asked_to_leave());
}

TEST(Residency, AsksNoMoreThanNeeded) {
  Residency residency(100);
  Model a(residency, 50);
  Model b(residency, 50);
  Model c(residency, 30);
  ASSERT_TRUE(a.member.enter());
  ASSERT_TRUE(b.member.enter());
  EXPECT_FALSE(c.member.enter());
  EXPECT_FALSE(c.member.enter());  // tried again before anyone has left
  EXPECT_TRUE(a.member.asked_to_leave());
  EXPECT_FALSE(b.member.asked_to_leave());
}

TEST(Residency, AModelGreaterThanTheBudgetLoadsAlone) {
  Residency residency(100);
  Model small(residency, 10);
  Model great(residency, 500);
  ASSERT_TRUE(small.member.enter());
  EXPECT_FALSE(great.member.enter());
  small.member.leave();
  EXPECT_TRUE(great.member.enter());
  EXPECT_FALSE(small.member.enter());
}

TEST(Residency, AMemberThatEndsMakesRoom) {
  Residency residency(100);
  Model waits(residency, 80);
  {
    Model brief(residency, 80);
    ASSERT_TRUE(brief.member.enter());
    EXPECT_FALSE(waits.member.enter());
  }
  EXPECT_EQ(waits.woken, 1);
  EXPECT_TRUE(waits.member.enter());
}

}  // namespace
}  // namespace nearside::worker
