#include "grammar/decimal_range.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace nearside::grammar {
namespace {

TEST(DecimalRange, AgreesWithArithmetic) {
  for (const double bound : {-112.5, -10.0, -1.0, -0.25, 0.0, 0.05, 1.0, 9.0, 10.0, 99.99, 120.0}) {
    for (const Side side : {Side::kAtLeast, Side::kAbove, Side::kAtMost, Side::kBelow}) {
      for (const bool integers : {false, true}) {
        ExpressionPool pool;
        const Expr range =
            decimal_range(pool, Decimal::parse(fmt::format("{}", bound)), side, integers);
        for (int i = -13'000; i <= 13'000; i += integers ? 100 : 1) {
          const double value = i / 100.0;
          const bool expected = side == Side::kAtLeast  ? value >= bound
                                : side == Side::kAbove  ? value > bound
                                : side == Side::kAtMost ? value <= bound
                                                        : value < bound;
          const std::string text = fmt::format("{}", value);
          ASSERT_EQ(pool.matches(range, text), expected)
              << text << " against " << bound << " side " << static_cast<int>(side);
        }
        EXPECT_FALSE(pool.matches(range, ""));
        EXPECT_FALSE(pool.matches(range, "-"));
        EXPECT_FALSE(pool.matches(range, "007"));
      }
    }
  }
}

TEST(DecimalRange, ParsesExponents) {
  EXPECT_EQ(Decimal::parse("1.25e2").whole, "125");
  EXPECT_EQ(Decimal::parse("-2.5E-3").fraction, "0025");
  EXPECT_TRUE(Decimal::parse("-2.5E-3").negative);
  EXPECT_EQ(Decimal::parse("1e+22").whole, "1" + std::string(22, '0'));
  EXPECT_FALSE(Decimal::parse("-0.0").negative);
}

}  // namespace
}  // namespace nearside::grammar
