#include "gateway/answer_watch.h"

#include <gtest/gtest.h>

namespace nearside::gateway {
namespace {

const policy::Labeler& labeler() {
  static const policy::Labeler instance = *policy::Labeler::create({});
  return instance;
}

chat::TextDelta text(std::string_view piece, std::uint32_t choice = 0) {
  chat::TextDelta delta;
  delta.text = piece;
  delta.choice = choice;
  return delta;
}

TEST(AnswerWatch, FindsWhatIsSplitBetweenPiecesWhereverItLies) {
  const std::string filler(700, '.');
  for (std::size_t before = 0; before < 5'000; before += 350) {
    const std::string answer =
        std::string(before, '.') + " jo@plant.example " + filler + " DE89370400440532013000";
    AnswerWatch watch(labeler(), {}, {});
    for (std::size_t at = 0; at < answer.size(); at += 7)
      ASSERT_TRUE(watch.see(text(std::string_view(answer).substr(at, 7))));
    const auto label = watch.end({});
    ASSERT_TRUE(label);
    EXPECT_EQ(label->categories, (std::vector<std::string>{"email", "iban"})) << before;
    EXPECT_EQ(label->findings_count, 2U) << before;
  }
}

TEST(AnswerWatch, ReadsThoughtsAllChoicesAndDecodedArguments) {
  AnswerWatch watch(labeler(), {}, {});
  chat::ReasoningDelta thought;
  thought.text = "the card is 4111 1111 1111 1111";
  ASSERT_TRUE(watch.see(thought));
  ASSERT_TRUE(watch.see(text("nothing")));
  ASSERT_TRUE(watch.see(text("IBAN DE89370400440532013000", 1)));
  ASSERT_TRUE(watch.see(chat::ToolCallDelta{
      R"([{"index":0,"function":{"name":"mail","arguments":"{\"to\":\"jo\\u00"}}])", 2}));
  ASSERT_TRUE(watch.see(
      chat::ToolCallDelta{R"([{"index":0,"function":{"arguments":"40plant.example\"}"}}])", 2}));
  const auto label = watch.end({});
  ASSERT_TRUE(label);
  EXPECT_EQ(label->categories, (std::vector<std::string>{"card", "email", "iban"}));
  EXPECT_EQ(label->sensitivity, policy::Sensitivity::kConfidential);
}

TEST(AnswerWatch, AnAttemptThatWasThrownAwayLeavesNothing) {
  AnswerWatch watch(labeler(), {}, {});
  ASSERT_TRUE(watch.see(text("jo@plant.example")));
  watch.begin_again();
  ASSERT_TRUE(watch.see(text("nothing")));
  EXPECT_TRUE(watch.end({})->categories.empty());
}

TEST(AnswerWatch, RefusesWhatNoAnswerHas) {
  AnswerWatch watch(labeler(), {}, {});
  EXPECT_FALSE(watch.see(text("x", 128)));
  EXPECT_FALSE(watch.see(chat::ToolCallDelta{"no array"}));
}

}  // namespace
}  // namespace nearside::gateway
