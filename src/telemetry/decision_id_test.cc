#include "telemetry/decision_id.h"

#include <set>

#include <gtest/gtest.h>

namespace nearside::telemetry {
namespace {

TEST(DecisionIds, AreUniqueAndSortByTime) {
  base::ManualClock clock(base::WallTime{std::chrono::seconds(1'700'000'000)});
  DecisionIds ids(clock, 7);
  std::string last;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    if (i % 3 == 0) clock.advance(std::chrono::milliseconds(1));
    const std::string id = ids.next();
    EXPECT_EQ(id.size(), 26U);
    EXPECT_GT(id, last);
    EXPECT_TRUE(seen.insert(id).second);
    last = id;
  }
}

TEST(DecisionIds, CountOnWhenTheClockJumpsBack) {
  base::ManualClock clock(base::WallTime{std::chrono::seconds(1'700'000'000)});
  DecisionIds ids(clock, 7);
  const std::string before = ids.next();
  clock.advance(-std::chrono::hours(1));
  EXPECT_GT(ids.next(), before);
}

TEST(DecisionIds, BeginWithTheTimeInMilliseconds) {
  // 1469918176385 ms is 01ARYZ6S41 in the ULID specification's example.
  base::ManualClock clock(base::WallTime{std::chrono::milliseconds(1469918176385)});
  EXPECT_EQ(DecisionIds(clock, 7).next().substr(0, 10), "01ARYZ6S41");
}

}  // namespace
}  // namespace nearside::telemetry
