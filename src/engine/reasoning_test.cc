#include "engine/reasoning.h"

#include <string>

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

struct Heard {
  std::string reasoning;
  std::string answer;
  friend bool operator==(const Heard&, const Heard&) = default;
};

Heard split(std::string_view text, std::size_t piece_bytes, bool inside = false) {
  ReasoningSplitter splitter(&reasoning_markers()[0], inside);
  Heard heard;
  const auto hear = [&](const ReasoningSplitter::Split& part) {
    heard.reasoning += part.reasoning;
    heard.answer += part.answer;
  };
  for (; !text.empty(); text.remove_prefix(std::min(piece_bytes, text.size())))
    hear(splitter.push(text.substr(0, piece_bytes)));
  hear(splitter.finish());
  return heard;
}

TEST(Reasoning, IsToldFromTheAnswerHoweverTheTextIsCut) {
  for (std::size_t bytes = 1; bytes < 30; ++bytes)
    EXPECT_EQ(split("<think>\nlet me see </ti>\n</think>\n\nIt is 4.", bytes),
              (Heard{"let me see </ti>", "It is 4."}));
}

TEST(Reasoning, MayBeBegunByThePrompt) {
  for (std::size_t bytes = 1; bytes < 20; ++bytes)
    EXPECT_EQ(split("hm\n</think>\nyes", bytes, true), (Heard{"hm", "yes"}));
}

TEST(Reasoning, ThatNeverEndsIsAllThereIs) {
  EXPECT_EQ(split("<think>on and on </thi", 3), (Heard{"on and on </thi", ""}));
}

TEST(Reasoning, MayBeEmpty) {
  EXPECT_EQ(split("<think>\n\n</think>\n\nyes", 2), (Heard{"", "yes"}));
}

TEST(Reasoning, MarkerInTheMiddleOfAnAnswerIsText) {
  EXPECT_EQ(split("say <think>x</think>", 2), (Heard{"", "say <think>x</think>"}));
}

TEST(Reasoning, TextThatOnlyBeginsLikeAMarkerIsText) {
  EXPECT_EQ(split(" <thing>", 1), (Heard{"", " <thing>"}));
  EXPECT_EQ(split("<thin", 1), (Heard{"", "<thin"}));
}

TEST(Reasoning, NoMarkersMeanNoSplitting) {
  ReasoningSplitter splitter(nullptr, false);
  EXPECT_EQ(splitter.push("<think>").answer, "<think>");
}

TEST(Reasoning, IsFoundByTheTemplateAndItsPrompt) {
  const ReasoningMarkers* const markers = find_reasoning_markers("...{{ '</think>' }}...");
  ASSERT_NE(markers, nullptr);
  EXPECT_EQ(markers->open, "<think>");
  EXPECT_EQ(find_reasoning_markers("plain"), nullptr);
  EXPECT_TRUE(prompt_opens_reasoning(*markers, "<|assistant|><think>\n"));
  EXPECT_FALSE(prompt_opens_reasoning(*markers, "<think>\n\n</think>\n\n"));
}

}  // namespace
}  // namespace nearside::engine
