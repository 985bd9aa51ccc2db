#include "model/yarn.h"

#include <cmath>

#include <gtest/gtest.h>

namespace nearside::model {
namespace {

// gpt-oss: 64 dimensions, base 150,000, 32 times 4,096 tokens. A pair i turns
// 4096 / (2 pi 150000^(i/32)) times: 32 times at i = 8.09, once at i = 17.40.
TEST(Yarn, KeepsFastPairsAndSlowsDownSlowOnes) {
  const std::vector<float> factors = yarn_frequency_factors(
      {.dims = 64, .base = 150'000.0F, .factor = 32.0F, .original_context_tokens = 4096});
  ASSERT_EQ(factors.size(), 32U);
  for (std::size_t i = 0; i <= 8; ++i) EXPECT_EQ(factors[i], 1.0F) << i;
  for (std::size_t i = 18; i < 32; ++i) EXPECT_NEAR(factors[i], 32.0F, 1e-4) << i;
  for (std::size_t i = 9; i < 18; ++i) EXPECT_GT(factors[i], factors[i - 1]) << i;
  // Half of the way from 8 to 18: half of each frequency.
  EXPECT_NEAR(factors[13], 1.0F / (0.5F + 0.5F / 32.0F), 1e-4);
}

TEST(Yarn, RaisesMagnitudesWithTheFactor) {
  EXPECT_EQ(yarn_magnitude(1.0F), 1.0F);
  EXPECT_NEAR(yarn_magnitude(32.0F), 1.3465736F, 1e-6);
}

}  // namespace
}  // namespace nearside::model
