#include "engine/fair_share.h"

#include <string>

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

TEST(FairShare, CountsWhatEachTenantGot) {
  FairShare share;
  share.begin("a");
  share.begin("b");
  share.charge("a", 10);
  EXPECT_EQ(share.served("a"), 10U);
  EXPECT_EQ(share.served("b"), 0U);
  EXPECT_EQ(share.active(), 2U);
}

TEST(FairShare, IdlenessEarnsNoCreditAndForgivesNoDebt) {
  FairShare share;
  share.begin("a");
  share.charge("a", 100);
  share.begin("late");
  EXPECT_EQ(share.served("late"), 100U);
  share.charge("late", 50);
  share.end("late");
  share.begin("late");
  EXPECT_EQ(share.served("late"), 150U);
}

TEST(FairShare, RemembersABoundedNumberOfIdleTenants) {
  FairShare share;
  share.begin("busy");
  for (std::size_t i = 0; i < FairShare::kTenantsMax + 10; ++i) {
    const std::string name = "t" + std::to_string(i);
    share.begin(name);
    share.charge(name, 1 + i);
    share.end(name);
  }
  EXPECT_EQ(share.served("t0"), 0U);
  EXPECT_GT(share.served("t1030"), 0U);
  EXPECT_EQ(share.active(), 1U);
}

}  // namespace
}  // namespace nearside::engine
