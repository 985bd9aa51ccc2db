#include "text/wordpiece_tokenizer.h"

#include <gtest/gtest.h>

#include "text/bert_words.h"
#include "text/vocabulary_fixture.h"

namespace nearside::text {
namespace {

std::unique_ptr<Tokenizer> tokenizer_of(const VocabularyFixture& fixture) {
  auto tokenizer = fixture.read();
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return std::move(tokenizer).value();
}

VocabularyFixture small() {
  return VocabularyFixture::wordpiece({"▁un", "aff", "able", "a", "▁unaff", "▁!", "▁漢", "▁uber"});
}

TEST(WordPieceTokenizer, CutsWordsIntoTheLongestPieces) {
  EXPECT_EQ(spelled(*tokenizer_of(small()), "Unaffable una !"), "▁unaff|able|▁un|a|▁!");
}

TEST(WordPieceTokenizer, MakesAWordUnknownAsAWhole) {
  EXPECT_EQ(spelled(*tokenizer_of(small()), "unxyz un"), "[UNK]|▁un");
}

TEST(WordPieceTokenizer, PartsPunctuationAndChineseCharacters) {
  EXPECT_EQ(spelled(*tokenizer_of(small()), "un!漢un"), "▁un|▁!|▁漢|▁un");
}

TEST(WordPieceTokenizer, TakesAccentsAwayUnlessToldOtherwise) {
  EXPECT_EQ(spelled(*tokenizer_of(small()), "ÜBER u\u0308ber"), "▁uber|▁uber");
  VocabularyFixture fixture = small();
  fixture.more.add("tokenizer.ggml.normalizer.lowercase", false);
  EXPECT_EQ(spelled(*tokenizer_of(fixture), "uber Uber über"), "▁uber|[UNK]|[UNK]");
}

TEST(WordPieceTokenizer, NamesClsAndSepAsEnds) {
  const auto tokenizer = tokenizer_of(small());
  EXPECT_EQ(tokenizer->bos(), 1);
  EXPECT_EQ(tokenizer->eos(), 2);
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_TRUE(tokenizer->add_eos());
}

TEST(WordPieceTokenizer, DecodesToAReadableText) {
  const auto tokenizer = tokenizer_of(small());
  EXPECT_EQ(tokenizer->decode_all(tokenizer->encode("Unaffable uber")), "unaffable uber");
}

TEST(WordPieceTokenizer, RefusesAVocabularyWithoutAnUnknownToken) {
  VocabularyFixture fixture = small();
  fixture.more = {};
  fixture.types[0] = static_cast<std::int32_t>(TokenType::kNormal);
  EXPECT_EQ(fixture.error(), base::Code::kCorrupt);
}

TEST(BertWords, DropsControlCharactersAndKeepsTheRestOfAWord) {
  const std::vector<std::string> expected = {"ab", "cd"};
  EXPECT_EQ(bert_words("a\x01\u200d\uFFFD"
                       "b\u2003cd",
                       {}),
            expected);
}

TEST(BertWords, DecomposesHangulWhole) {
  const std::vector<std::string> expected = {"\u1100\u1161"};
  EXPECT_EQ(bert_words("가", {}), expected);
}

TEST(BertWords, GivesUpOnWordsPastTheBound) {
  const std::string longest(kBertWordCharactersMax, 'a');
  const std::vector<std::string> expected = {longest, ""};
  EXPECT_EQ(bert_words(longest + " " + longest + "a", {}), expected);
}

}  // namespace
}  // namespace nearside::text
