#include "grammar/expression.h"

#include <gtest/gtest.h>

namespace nearside::grammar {
namespace {

TEST(Expression, EqualLanguagesOfEqualPartsAreOneExpression) {
  ExpressionPool pool;
  const Expr a = pool.literal("a");
  const Expr b = pool.literal("b");
  EXPECT_EQ(pool.either({a, b}), pool.bytes(ByteSet::range('a', 'b')));
  EXPECT_EQ(pool.sequence(pool.sequence(a, b), a), pool.sequence(a, pool.sequence(b, a)));
  EXPECT_EQ(pool.complement(pool.complement(a)), a);
  EXPECT_EQ(pool.step(pool.any_number(a), 'a'), pool.any_number(a));
}

TEST(Expression, Counts) {
  ExpressionPool pool;
  const Expr some = pool.repeat(pool.either({pool.literal("ab"), pool.literal("c")}), 2, 3);
  for (const char* good : {"abc", "cc", "ccc", "ababab"}) EXPECT_TRUE(pool.matches(some, good));
  for (const char* bad : {"", "c", "cccc", "ab", "aba"}) EXPECT_FALSE(pool.matches(some, bad));
}

TEST(Expression, AStepIsNothingAsSoonAsNoStringCanFollow) {
  ExpressionPool pool;
  const Expr a_then_b = pool.sequence(pool.any_number(pool.literal("a")), pool.literal("b"));
  const Expr a_then_c = pool.sequence(pool.any_number(pool.literal("a")), pool.literal("c"));
  EXPECT_TRUE(pool.dead(pool.both(a_then_b, a_then_c)));
  const Expr either = pool.either({pool.both(a_then_b, a_then_c), pool.literal("ax")});
  EXPECT_EQ(pool.step(pool.step(either, 'a'), 'a'), kNothing);
  EXPECT_NE(pool.step(either, 'a'), kNothing);
}

TEST(Expression, ComplementIsEveryOtherString) {
  ExpressionPool pool;
  const Expr other = pool.complement(pool.either({pool.literal("yes"), pool.literal("no")}));
  for (const char* good : {"", "y", "yess", "maybe"}) EXPECT_TRUE(pool.matches(other, good));
  for (const char* bad : {"yes", "no"}) EXPECT_FALSE(pool.matches(other, bad));
}

TEST(Expression, Multiples) {
  ExpressionPool pool;
  const Expr sevens = pool.multiple_of(7, 0);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(pool.matches(sevens, std::to_string(i)), i % 7 == 0) << i;
  EXPECT_TRUE(pool.matches(sevens, "14.00"));
  EXPECT_FALSE(pool.matches(sevens, "14.07"));
  const Expr quarters = pool.multiple_of(25, 2);  // 0.25
  for (const char* good : {"0.25", "1.5", "2", "10.75", "0.750"})
    EXPECT_TRUE(pool.matches(quarters, good)) << good;
  for (const char* bad : {"0.3", "0.251", "1.1", "", ".5"})
    EXPECT_FALSE(pool.matches(quarters, bad)) << bad;
}

TEST(Expression, WorkIsBounded) {
  ExpressionPool pool;
  pool.set_effort(1000);
  Expr expr = pool.either({pool.literal("ab"), pool.literal("ba")});
  for (int i = 0; i < 64; ++i) expr = pool.repeat(pool.sequence(expr, expr), 1, 50);
  for (int i = 0; i < 2000; ++i) (void)pool.step(expr, i % 2 == 0 ? 'a' : 'b');
  EXPECT_TRUE(pool.exhausted() || pool.size() < 1000);
}

}  // namespace
}  // namespace nearside::grammar
