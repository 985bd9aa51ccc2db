#include "grammar/constraint.h"

#include <thread>

#include <gtest/gtest.h>

#include "grammar/trial_for_test.h"

namespace nearside::grammar {
namespace {

TEST(Constraint, AnyJsonObject) {
  const auto constraint = compile(Spec::Kind::kJsonObject, "").value();
  for (const char* good :
       {"{}", R"({"a":1})", R"({"a": [1, -2.5e3, {"b": null}], "é\n": "x\u00e9"})",
        "{\n  \"a\": true\n}"})
    EXPECT_TRUE(accepts(constraint, good)) << good;
  for (const char* bad :
       {"[]", "{", R"({"a"})", R"({"a":01})", R"({"a":1,})", "{\"a\":\"\n\"}", "1"})
    EXPECT_FALSE(accepts(constraint, bad)) << bad;
}

TEST(Constraint, Regex) {
  EXPECT_TRUE(accepts(Spec::Kind::kRegex, "(a|b){2,3}c", "abbc"));
  EXPECT_FALSE(accepts(Spec::Kind::kRegex, "(a|b){2,3}c", "ac"));
  EXPECT_TRUE(accepts(Spec::Kind::kRegex, ".*", "any text é"));
}

TEST(Constraint, Gbnf) {
  const char* const grammar = R"x(
root ::= sum
sum ::= term (" + " term)*   # no brackets left open
term ::= [0-9]+ | "(" sum ")"
)x";
  EXPECT_TRUE(accepts(Spec::Kind::kGbnf, grammar, "1 + (22 + (3))"));
  EXPECT_FALSE(accepts(Spec::Kind::kGbnf, grammar, "1 + (22"));
  EXPECT_TRUE(accepts(Spec::Kind::kGbnf, "root ::= (\"a\"? x?)*\nx ::= \"b\" x | \"c\"", "abbcca"));
}

TEST(Constraint, EndsOnlyWhereTheAnswerIsComplete) {
  const auto constraint = compile(Spec::Kind::kRegex, "ab?").value();
  const auto end = static_cast<text::TokenId>(small_lexicon()->token_count() - 1);
  Matcher matcher(constraint);
  EXPECT_FALSE(matcher.may_end());
  EXPECT_FALSE(matcher.accept(end));
  EXPECT_TRUE(matcher.accept('a'));
  EXPECT_TRUE(matcher.may_end());
  EXPECT_FALSE(matcher.must_end());
  EXPECT_TRUE(matcher.accept('b'));
  EXPECT_TRUE(matcher.must_end());
  EXPECT_TRUE(matcher.accept(end));
}

TEST(Constraint, RollsBackWhatSpeculationGotWrong) {
  const auto constraint = compile(Spec::Kind::kRegex, "abc|axy").value();
  Matcher matcher(constraint);
  ASSERT_TRUE(matcher.accept('a'));
  ASSERT_TRUE(matcher.accept('x'));
  matcher.rollback(1);
  EXPECT_EQ(matcher.accepted(), 1U);
  EXPECT_TRUE(matcher.accept('b'));
  EXPECT_TRUE(matcher.accept('c'));
  EXPECT_TRUE(matcher.may_end());
}

TEST(Constraint, ForcedTextIsWhatHasToCome) {
  const auto constraint = compile(Spec::Kind::kRegex, "value=[0-9] end").value();
  Matcher matcher(constraint);
  EXPECT_EQ(matcher.forced_text(), "value=");
  EXPECT_EQ(matcher.forced_text(3), "val");
  for (const char byte : std::string_view("value=7")) ASSERT_TRUE(matcher.accept(byte));
  EXPECT_EQ(matcher.forced_text(), " end");
}

TEST(Constraint, NothingIsAllowedThatCannotBeCompleted) {
  for (const char* schema : {R"({"type":"object","required":["a"],"properties":{"a":false}})",
                             R"({"allOf":[{"type":"string"},{"type":"number"}]})",
                             R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"object","required":["n"],
            "properties":{"n":{"$ref":"#/$defs/n"}}}}})",
                             R"({"type":"string","pattern":"^a$","minLength":2})"}) {
    const auto constraint = compile(Spec::Kind::kJsonSchema, schema);
    ASSERT_FALSE(constraint) << schema;
    EXPECT_EQ(constraint.error().code, base::Code::kInvalidArgument) << schema;
  }
}

TEST(Constraint, AmbiguousGrammarsAreBounded) {
  // Every prefix has exponentially many readings; equal ones are one thread.
  const auto constraint =
      compile(Spec::Kind::kGbnf, "root ::= s\ns ::= \"a\" s \"a\"? | \"a\" s? | \"a\"").value();
  Matcher matcher(constraint);
  std::vector<std::uint32_t> mask(small_lexicon()->mask_words());
  for (int i = 0; i < 2000; ++i) {
    if (!matcher.fill_mask(mask) || !matcher.accept('a')) return;  // refused is fine
  }
}

TEST(Constraint, SharedBetweenThreads) {
  const auto constraint =
      compile(Spec::Kind::kJsonSchema, R"({"type":"array","items":{"type":"integer"}})").value();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 3; ++round) EXPECT_TRUE(accepts(constraint, "[1, 22, 333]"));
    });
}

TEST(Constraint, DeepNestingEndsInAMaskThatStillLeadsOut) {
  const auto constraint = compile(Spec::Kind::kJsonSchema, "true").value();
  Matcher matcher(constraint);
  std::size_t depth = 0;
  while (depth < 10'000 && matcher.accept('[')) ++depth;
  EXPECT_GT(depth, 100U);
  EXPECT_LT(depth, 10'000U);
  for (; depth > 0; --depth) ASSERT_TRUE(matcher.accept(']'));
  EXPECT_TRUE(matcher.must_end());
}

}  // namespace
}  // namespace nearside::grammar
