#include "text/spm_tokenizer.h"

#include <gtest/gtest.h>

#include "text/vocabulary_fixture.h"

namespace nearside::text {
namespace {

using Special = Tokenizer::Special;

std::unique_ptr<Tokenizer> tokenizer_of(const VocabularyFixture& fixture) {
  auto tokenizer = fixture.read();
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return std::move(tokenizer).value();
}

VocabularyFixture small() {
  return VocabularyFixture::spm({"ab", "▁a", "▁ab", "▁", "a", "b", "c", "▁▁"});
}

TEST(SpmTokenizer, JoinsTheBestScoreFirst) {
  const auto tokenizer = tokenizer_of(small());
  EXPECT_EQ(spelled(*tokenizer, "ab abc"), "▁ab|▁ab|c");
  EXPECT_EQ(spelled(*tokenizer, "ac"), "▁a|c");
}

TEST(SpmTokenizer, PutsASpaceBeforeATextAndAfterASpecialToken) {
  const auto tokenizer = tokenizer_of(small());
  EXPECT_EQ(spelled(*tokenizer, "c<s>c", Special::kParse), "▁|c|<s>|▁|c");
  VocabularyFixture fixture = small();
  fixture.more.add("tokenizer.ggml.add_space_prefix", false);
  EXPECT_EQ(spelled(*tokenizer_of(fixture), "c<s>c", Special::kParse), "c|<s>|c");
}

TEST(SpmTokenizer, SpellsUnknownCharactersInBytes) {
  const auto tokenizer = tokenizer_of(small());
  EXPECT_EQ(spelled(*tokenizer, "aé\n"), "▁a|<0xC3>|<0xA9>|<0x0A>");
}

TEST(SpmTokenizer, GivesBackEveryTextBadBytesIncluded) {
  const auto tokenizer = tokenizer_of(small());
  for (const std::string text :
       {"ab  abc   ", "", " ", " a", "é漢🦙\r\n", "a\xFF\xE4\xBD zz \x80", "\xF0"})
    EXPECT_EQ(tokenizer->decode_all(tokenizer->encode(text)), text);
}

TEST(SpmTokenizer, UsesTheUnknownTokenWhereBytesAreMissing) {
  VocabularyFixture fixture = small();
  for (std::size_t i = 3; i < 259; ++i) {
    fixture.tokens[i] = "unused" + std::to_string(i);
    fixture.types[i] = static_cast<std::int32_t>(TokenType::kUnused);
  }
  EXPECT_EQ(spelled(*tokenizer_of(fixture), "aé"), "▁a|<unk>|<unk>");
}

TEST(SpmTokenizer, NeverJoinsTextIntoAControlToken) {
  const auto tokenizer = tokenizer_of(VocabularyFixture::spm({"<s", "<", "s", ">", "</"}));
  EXPECT_EQ(spelled(*tokenizer, "<s></s>"), "<0xE2>|<0x96>|<0x81>|<s|>|</|s|>");
}

TEST(SpmTokenizer, MergesAcrossSpacesWhereTheVocabularyDoes) {
  EXPECT_EQ(spelled(*tokenizer_of(VocabularyFixture::spm({"b▁", "▁", "a", "b"})), "ab a"),
            "▁|a|b▁|a");
}

TEST(SpmTokenizer, EncodesRepeatedWordsAlike) {
  const auto tokenizer = tokenizer_of(small());
  std::string text;
  for (int i = 0; i < 1000; ++i) text += i % 3 == 0 ? " ab" : i % 3 == 1 ? " abc" : " cab";
  const std::vector<TokenId> ids = tokenizer->encode(text);
  EXPECT_EQ(tokenizer->decode_all(ids), text);
}

TEST(SpmTokenizer, ExpectsBosUnlessToldOtherwise) {
  const auto tokenizer = tokenizer_of(small());
  EXPECT_EQ(tokenizer->bos(), 1);
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_FALSE(tokenizer->add_eos());
  EXPECT_TRUE(tokenizer->ends_generation(2));
}

TEST(SpmTokenizer, RefusesAByteTokenThatSpellsNoByte) {
  VocabularyFixture fixture = small();
  fixture.tokens[3] = "<0xZZ>";
  EXPECT_EQ(fixture.error(), base::Code::kCorrupt);
  fixture = small();
  fixture.scores.clear();
  EXPECT_EQ(fixture.error(), base::Code::kCorrupt) << "no scores";
}

TEST(SpmMerger, TakesStepsInProportionToALongWord) {
  std::vector<std::string> texts = {"a"};
  while (texts.back().size() < 4096) texts.push_back(texts.back() + texts.back());
  std::vector<TokenTable::Entry> entries;
  std::vector<float> scores;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    entries.push_back({texts[i], static_cast<TokenId>(i)});
    scores.push_back(-static_cast<float>(i));
  }
  const TokenTable table = TokenTable::build(entries).value();
  std::size_t pieces = 0;
  const std::size_t steps = merge_pieces({table, scores, 4096}, std::string(1U << 18U, 'a'),
                                         [&](std::string_view) { ++pieces; });
  EXPECT_EQ(pieces, 64U);
  EXPECT_LE(steps, 6U << 18U);
}

}  // namespace
}  // namespace nearside::text
