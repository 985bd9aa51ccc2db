#include "engine/stop_matcher.h"

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

TEST(StopMatcher, LetsTextOutThatCannotBeAStop) {
  StopMatcher matcher({"END"});
  EXPECT_EQ(matcher.push("hello"), "hello");
  EXPECT_FALSE(matcher.stopped());
}

TEST(StopMatcher, HoldsBackAPossibleBeginning) {
  StopMatcher matcher({"END"});
  EXPECT_EQ(matcher.push("the EN"), "the ");
  EXPECT_EQ(matcher.push("ergy"), "ENergy");
}

TEST(StopMatcher, FindsAStopSplitOverPieces) {
  StopMatcher matcher({"\n\nUser:"});
  EXPECT_EQ(matcher.push("yes.\n"), "yes.");
  EXPECT_EQ(matcher.push("\nUs"), "");
  EXPECT_EQ(matcher.push("er: more"), "");
  EXPECT_TRUE(matcher.stopped());
  EXPECT_EQ(matcher.push("more"), "");
  EXPECT_EQ(matcher.finish(), "");
}

TEST(StopMatcher, StopsAtTheEarliestOfSeveral) {
  StopMatcher matcher({"cd", "b"});
  EXPECT_EQ(matcher.push("abcd"), "a");
  EXPECT_TRUE(matcher.stopped());
}

TEST(StopMatcher, SeesTheStopWithinARepeatedBeginning) {
  StopMatcher matcher({"aab"});
  EXPECT_EQ(matcher.push("aa"), "");
  EXPECT_EQ(matcher.push("a"), "a");
  EXPECT_EQ(matcher.push("b"), "");
  EXPECT_TRUE(matcher.stopped());
}

TEST(StopMatcher, GivesBackWhatItHeldWhenTheTextEnds) {
  StopMatcher matcher({"END"});
  EXPECT_EQ(matcher.push("EN"), "");
  EXPECT_EQ(matcher.finish(), "EN");
}

TEST(StopMatcher, IgnoresEmptyStops) {
  StopMatcher matcher({""});
  EXPECT_EQ(matcher.push("text"), "text");
  EXPECT_FALSE(matcher.stopped());
}

}  // namespace
}  // namespace nearside::engine
