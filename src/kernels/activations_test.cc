#include "kernels/activations.h"

#include <bit>
#include <cmath>

#include <gtest/gtest.h>

namespace nearside::kernels {
namespace {

std::int32_t power(float row, float block) {
  return block_power(std::bit_cast<std::uint32_t>(row), std::bit_cast<std::uint32_t>(block));
}

TEST(BlockPower, IsTheLeastThatKeepsTheBlockWithinTheRowsRange) {
  EXPECT_EQ(power(1.0f, 1.0f), 24);
  EXPECT_EQ(power(1.0f, 0.75f), 24);
  EXPECT_EQ(power(1.0f, 0.5f), 23);
  EXPECT_EQ(power(1.5f, 0.75f), 23);
  EXPECT_EQ(power(1.5f, std::nextafter(0.75f, 1.0f)), 24);
  EXPECT_EQ(power(1.0f, 0x1p-24f), 0);
  EXPECT_EQ(power(1.0f, 0x1p-60f), 0);
  EXPECT_EQ(power(1.0f, 0.0f), 0);
}

}  // namespace
}  // namespace nearside::kernels
