#include "engine/utf8_gate.h"

#include <string>

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

const std::string kBad = "\xEF\xBF\xBD";

TEST(Utf8Gate, KeepsACharacterWholeHoweverItIsSplit) {
  for (const std::string character : {"\u00e4", "\u20ac", "\U0001F600"}) {
    Utf8Gate gate;
    for (std::size_t i = 0; i + 1 < character.size(); ++i)
      EXPECT_EQ(gate.push(character.substr(i, 1)), "");
    EXPECT_EQ(gate.push(character.substr(character.size() - 1) + "x"), character + "x");
    EXPECT_EQ(gate.finish(), "");
  }
}

TEST(Utf8Gate, LetsWholeTextThroughAtOnce) {
  Utf8Gate gate;
  EXPECT_EQ(gate.push("gr\u00fc\u00dfe \u20ac"), "gr\u00fc\u00dfe \u20ac");
}

TEST(Utf8Gate, ReplacesBytesThatCannotBeginACharacter) {
  Utf8Gate gate;
  EXPECT_EQ(gate.push("a\xFF\x80z"), "a" + kBad + kBad + "z");
}

TEST(Utf8Gate, ReplacesABrokenCharacterOnceAndKeepsWhatFollows) {
  Utf8Gate gate;
  EXPECT_EQ(gate.push("\xE2\x82"), "");
  EXPECT_EQ(gate.push("A"), kBad + "A");
}

TEST(Utf8Gate, RefusesOverlongFormsAndSurrogates) {
  Utf8Gate gate;
  EXPECT_EQ(gate.push("\xC0\xAF"), kBad + kBad);
  EXPECT_EQ(gate.push("\xED\xA0\x80"), kBad + kBad + kBad);
  EXPECT_EQ(gate.push("\xF4\x90\x80\x80"), kBad + kBad + kBad + kBad);
}

TEST(Utf8Gate, ReplacesACharacterThatNeverCompletes) {
  Utf8Gate gate;
  EXPECT_EQ(gate.push("ok \xF0\x9F"), "ok ");
  EXPECT_EQ(gate.finish(), kBad);
}

}  // namespace
}  // namespace nearside::engine
