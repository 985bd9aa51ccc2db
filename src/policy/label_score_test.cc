#include "policy/label_score.h"

#include <gtest/gtest.h>

namespace nearside::policy {
namespace {

LabelledText one(std::string_view line) { return parse_labelled_texts(line)->front(); }

TEST(LabelledText, CountsCodePointsAndKeepsBytes) {
  const LabelledText text =
      one(R"({"text":"für Jürgen","spans":[[4,10,"PERSON"]],"template_id":3})");
  EXPECT_EQ(text.text.substr(text.spans[0].span.begin), "Jürgen");
  EXPECT_EQ(text.template_number, 3);
}

TEST(LabelledText, NamesTheLineThatIsWrong) {
  for (const char* wrong : {"{\"text\":\"a\"}", "{\"text\":\"a\",\"spans\":[[0,2,\"X\"]]}",
                            "{\"text\":\"a\",\"spans\":[[0,\"X\"]]}", "not json"}) {
    const auto result = parse_labelled_texts(std::string("{\"text\":\"\",\"spans\":[]}\n") + wrong);
    ASSERT_FALSE(result) << wrong;
    EXPECT_NE(result.error().message.find("line 2"), std::string::npos) << result.error().message;
  }
}

TEST(LabelScorer, CountsWhatMatchesWhatIsMissedAndWhatIsInvented) {
  const LabelledText text = one(
      R"({"text":"Ann Lee met Bob in Rome","spans":[[0,7,"PERSON"],[12,15,"PERSON"],[19,23,"GPE"]]})");
  LabelScorer scorer;
  scorer.add(text, {{"person", 0, 0, 7}, {"organization", 0, 19, 23}, {"person", 0, 16, 18}});
  EXPECT_EQ(scorer.any_kind().wanted, 3U);
  EXPECT_EQ(scorer.any_kind().found, 2U);
  EXPECT_EQ(scorer.any_kind().claimed, 3U);
  EXPECT_EQ(scorer.same_kind().found, 1U);
  EXPECT_DOUBLE_EQ(scorer.any_kind().recall(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(scorer.by_kind().at("person").f2(), 0.5);
}

TEST(LabelScorer, JoinsNeighboursOfOneKind) {
  const LabelledText text = one(
      R"({"text":"12 Elm St\nUlm, DE","spans":[[0,2,"STREET_ADDRESS"],[3,9,"STREET_ADDRESS"],[10,13,"GPE"],[15,17,"GPE"]]})");
  LabelScorer scorer;
  scorer.add(text, {{"address", 0, 0, 17}});
  EXPECT_EQ(scorer.same_kind().wanted, 1U);
  EXPECT_EQ(scorer.same_kind().found, 1U);
}

TEST(LabelScorer, NineTenthsOfTheLettersAreEnoughAndLessIsNot) {
  const LabelledText text = one(R"({"text":"abcdefghij","spans":[[0,10,"PERSON"]]})");
  LabelScorer enough, less;
  enough.add(text, {{"person", 0, 0, 9}});
  less.add(text, {{"person", 0, 0, 8}});
  EXPECT_EQ(enough.same_kind().found, 1U);
  EXPECT_EQ(less.same_kind().found, 0U);
}

}  // namespace
}  // namespace nearside::policy
