#include "engine/prompt_lookup.h"

#include <vector>

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

using Tokens = std::vector<model::TokenId>;

TEST(PromptLookup, ContinuesTheLongestMatch) {
  EXPECT_EQ(look_up_continuation(Tokens{1, 2, 3, 9, 2, 3, 7, 7, 1, 2, 3}, 2), (Tokens{9, 2}));
}

TEST(PromptLookup, TakesTheLatestOfEquallyLongMatches) {
  EXPECT_EQ(look_up_continuation(Tokens{2, 3, 5, 2, 3, 6, 2, 3}, 1), (Tokens{6}));
}

TEST(PromptLookup, OneTokenIsNoMatch) {
  EXPECT_TRUE(look_up_continuation(Tokens{3, 5, 4, 3}, 4).empty());
  EXPECT_TRUE(look_up_continuation(Tokens{3}, 4).empty());
  EXPECT_TRUE(look_up_continuation(Tokens{}, 4).empty());
}

TEST(PromptLookup, MatchMayOverlapWhatItContinues) {
  EXPECT_EQ(look_up_continuation(Tokens{4, 4, 4}, 5), (Tokens{4}));
}

TEST(GuessPace, GrowsWhileGuessesAreRightAndRestsWhenTheyAreWrong) {
  GuessPace pace(8);
  EXPECT_EQ(pace.length(), 3U);
  pace.report(3, 3);
  EXPECT_EQ(pace.length(), 6U);
  pace.report(6, 6);
  EXPECT_EQ(pace.length(), 8U);
  pace.report(8, 2);
  EXPECT_EQ(pace.length(), 3U);
  pace.report(3, 0);
  EXPECT_EQ(pace.length(), 0U);
  pace.report(0, 0);
  EXPECT_EQ(pace.length(), 3U);
  pace.report(3, 0);
  pace.report(0, 0);
  EXPECT_EQ(pace.length(), 0U);  // rests twice as long
  pace.report(0, 0);
  EXPECT_EQ(pace.length(), 3U);
}

TEST(GuessPace, OfNothingNeverGuesses) { EXPECT_EQ(GuessPace(0).length(), 0U); }

}  // namespace
}  // namespace nearside::engine
