#include "worker/restart_policy.h"

#include <gtest/gtest.h>

namespace nearside::worker {
namespace {

using std::chrono::milliseconds;

constexpr RestartOptions kOptions{milliseconds(100), milliseconds(500), milliseconds(1000), 3};

TEST(RestartPolicy, DoublesTheDelayUpToTheBound) {
  RestartPolicy policy(kOptions);
  for (const int expected : {100, 200, 400, 500, 500})
    EXPECT_EQ(policy.after_death(milliseconds(999)), milliseconds(expected));
}

TEST(RestartPolicy, BeginsAnewAfterAHealthyLife) {
  RestartPolicy policy(kOptions);
  policy.after_death(milliseconds(10));
  policy.after_death(milliseconds(10));
  EXPECT_EQ(policy.after_death(milliseconds(1000)), milliseconds(100));
}

TEST(RestartPolicy, GivesUpOnAFileThatKillsItsWorkerWhileLoading) {
  RestartPolicy policy(kOptions);
  EXPECT_TRUE(policy.after_death(std::nullopt));
  EXPECT_TRUE(policy.after_death(std::nullopt));
  EXPECT_FALSE(policy.after_death(std::nullopt));
}

TEST(RestartPolicy, CountsOnlyDeathsInARow) {
  RestartPolicy policy(kOptions);
  policy.after_death(std::nullopt);
  policy.after_death(std::nullopt);
  policy.after_death(milliseconds(10));
  EXPECT_TRUE(policy.after_death(std::nullopt));
}

}  // namespace
}  // namespace nearside::worker
