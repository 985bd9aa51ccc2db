#include "base/result.h"

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Code::kInvalidArgument, "{} is odd", number);
  return number / 2;
}

Result<int> quarter(int number) {
  const int halved = TRY(half(number));
  return half(halved);
}

TEST(Result, HoldsAValue) { EXPECT_EQ(quarter(12).value(), 3); }

TEST(Result, TryPassesTheErrorUp) {
  const Result<int> result = quarter(6);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInvalidArgument);
  EXPECT_EQ(result.error().message, "3 is odd");
}

TEST(Result, ContextIsPutBeforeTheMessage) {
  EXPECT_EQ(fail(Code::kIo, "disk full").with_context("ledger").message, "ledger: disk full");
}

TEST(ResultDeathTest, ReadingTheValueOfAnErrorStops) {
  EXPECT_DEATH({ [[maybe_unused]] const int value = half(1).value(); }, "does not hold");
}

}  // namespace
}  // namespace nearside::base
