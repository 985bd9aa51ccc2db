#include "policy/target.h"

#include <gtest/gtest.h>

#include "policy/quote.h"

namespace nearside::policy {
namespace {

TEST(LocalCost, IsAmortisationPlusEnergyTimesPue) {
  Target target;
  target.cost =
      LocalCost{.usd_per_hour = 2, .watts = 500, .usd_per_kwh = 0.4, .pue = 1.5, .concurrency = 4};
  const Consumption hour{.busy_seconds = 3600};
  EXPECT_DOUBLE_EQ(*cost_usd(target, hour), (2 + 0.5 * 1.5 * 0.4) / 4);
  EXPECT_DOUBLE_EQ(*energy_joules(target, hour), 500 * 1.5 * 3600 / 4);
}

TEST(LocalCost, BusyHoursPayForTheIdleOnes) {
  Target target;
  target.cost = LocalCost{
      .usd_per_hour = 2, .watts = 500, .usd_per_kwh = 0.4, .idle_watts = 100, .utilization = 0.25};
  // Three idle hours stand behind each busy one.
  EXPECT_DOUBLE_EQ(*cost_usd(target, {.busy_seconds = 3600}), 4 * 2 + (0.5 + 3 * 0.1) * 0.4);
}

TEST(LocalCost, OfAMachineThatNeverServesStaysFinite) {
  Target target;
  target.cost = LocalCost{.usd_per_hour = 1, .utilization = 0};
  EXPECT_LT(*cost_usd(target, {.busy_seconds = 1}), 1);
}

TEST(Quote, TakesThePredictedQualityBeforeThePrior) {
  Target target;
  target.name = "device/small";
  target.quality.prior = 0.9;
  Ask ask;
  EXPECT_DOUBLE_EQ(quote(target, {}, ask).good_probability, 0.9);
  ask.good_predicted["device/small"] = 0.2;
  EXPECT_DOUBLE_EQ(quote(target, {}, ask).good_probability, 0.2);
}

}  // namespace
}  // namespace nearside::policy
