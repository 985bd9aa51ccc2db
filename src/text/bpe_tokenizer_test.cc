#include "text/bpe_tokenizer.h"

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
  return VocabularyFixture::bpe({"h e", "l l", "he ll", "hell o", "Ġ hello"});
}

TEST(BpeTokenizer, MergesTheBestRankFirst) {
  const auto tokenizer = tokenizer_of(small());
  EXPECT_EQ(spelled(*tokenizer, "hello hello hell"), "hello|Ġhello|Ġ|hell");
}

TEST(BpeTokenizer, MergesATokenThatItsOwnBytesDoNotMakeOnlyWhereMergesAreIgnored) {
  VocabularyFixture fixture = small();
  fixture.add("abc");  // no merges lead here
  EXPECT_EQ(spelled(*tokenizer_of(fixture), "abc"), "a|b|c");
  fixture.pre_tokenizer = "llama-bpe";
  EXPECT_EQ(spelled(*tokenizer_of(fixture), "abc"), "abc");
}

TEST(BpeTokenizer, ReadsControlTokensOnlyWhenAskedTo) {
  const auto tokenizer = tokenizer_of(small());
  EXPECT_EQ(spelled(*tokenizer, "h<|im_end|>", Special::kParse), "h|<|im_end|>");
  EXPECT_EQ(spelled(*tokenizer, "h<|im_end|>", Special::kIgnore), "h|<|||i|m|_|e|n|d|||>");
}

TEST(BpeTokenizer, AlwaysReadsUserDefinedTokens) {
  const auto tokenizer = tokenizer_of(small());
  EXPECT_EQ(spelled(*tokenizer, "a<note>b"), "a|<note>|b");
}

TEST(BpeTokenizer, NeverMergesTextIntoAControlToken) {
  VocabularyFixture fixture = VocabularyFixture::bpe({"h i"});
  fixture.types[256] = static_cast<std::int32_t>(TokenType::kControl);
  EXPECT_EQ(spelled(*tokenizer_of(fixture), "hi"), "h|i");
  fixture.pre_tokenizer = "llama-bpe";
  EXPECT_EQ(spelled(*tokenizer_of(fixture), "hi"), "h|i");
}

TEST(BpeTokenizer, GivesBackEveryValidText) {
  const auto tokenizer = tokenizer_of(small());
  const std::string text = "hello\r\n\n Grüße 漢字 🦙 \t\u200d <note> \u00a0\x01 x";
  EXPECT_EQ(tokenizer->decode_all(tokenizer->encode(text)), text);
}

TEST(BpeTokenizer, TurnsBadBytesIntoReplacementCharacters) {
  const auto tokenizer = tokenizer_of(small());
  const std::string text = "a\xFF\xC3(\xE4\xBD\xC0\xAF\xED\xA0\x80";
  std::string expected = "a\uFFFD\uFFFD(";
  for (int i = 0; i < 7; ++i) expected += "\uFFFD";
  EXPECT_EQ(tokenizer->decode_all(tokenizer->encode(text)), expected);
}

TEST(BpeTokenizer, HidesControlTokensWhenDecoding) {
  const auto tokenizer = tokenizer_of(small());
  const std::vector<TokenId> ids = tokenizer->encode("h<|end|>", Special::kParse);
  EXPECT_EQ(tokenizer->decode_all(ids), "h");
  EXPECT_EQ(tokenizer->decode_all(ids, true), "h<|end|>");
  EXPECT_EQ(tokenizer->decode(-1, true), "");
  EXPECT_EQ(tokenizer->decode(1'000'000, true), "");
}

TEST(BpeTokenizer, KnowsWhatEndsAnAnswer) {
  VocabularyFixture fixture = small();
  const TokenId eos = fixture.add("<stop>", TokenType::kControl);
  const TokenId eot = fixture.add("<turn>", TokenType::kControl);
  fixture.more.add("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(eos));
  fixture.more.add("tokenizer.ggml.eot_token_id", static_cast<std::uint32_t>(eot));
  const auto tokenizer = tokenizer_of(fixture);
  EXPECT_EQ(tokenizer->eos(), eos);
  EXPECT_EQ(tokenizer->bos(), -1);
  EXPECT_TRUE(tokenizer->ends_generation(eos));
  EXPECT_TRUE(tokenizer->ends_generation(eot));
  EXPECT_TRUE(tokenizer->ends_generation(tokenizer->encode("<|im_end|>", Special::kParse)[0]));
  EXPECT_FALSE(tokenizer->ends_generation(0));
}

TEST(BpeTokenizer, ReadsEndOfTurnOfAUserOnlyAsText) {
  VocabularyFixture fixture = small();
  fixture.add("<end_of_turn>", TokenType::kUserDefined);  // mistyped in the file
  const auto tokenizer = tokenizer_of(fixture);
  EXPECT_GT(tokenizer->encode("<end_of_turn>").size(), 1U);
  EXPECT_EQ(tokenizer->encode("<end_of_turn>", Special::kParse).size(), 1U);
}

TEST(BpeTokenizer, LeavesOutBytesThatTheVocabularyLacks) {
  VocabularyFixture fixture = small();
  fixture.tokens['x'] = "nothing";
  const auto tokenizer = tokenizer_of(fixture);
  EXPECT_EQ(tokenizer->decode_all(tokenizer->encode("axb")).find('x'), std::string::npos);
}

TEST(BpeTokenizer, RefusesVocabulariesThatDoNotFitTogether) {
  using base::Code;
  VocabularyFixture fixture = small();
  EXPECT_EQ(fixture.error(), Code::kInternal);
  fixture.merges.clear();
  EXPECT_EQ(fixture.error(), Code::kCorrupt) << "no merges";
  for (const char* merge : {"h", "h ", " h", "", "zz h", "h zz", "h h"}) {
    fixture.merges = {merge};
    EXPECT_EQ(fixture.error(), Code::kCorrupt) << "merge: " << merge;
  }
  fixture = small();
  fixture.pre_tokenizer = "klingon";
  EXPECT_EQ(fixture.error(), Code::kUnsupported);
  fixture = small();
  fixture.add("hello");
  EXPECT_EQ(fixture.error(), Code::kCorrupt) << "one text twice";
}

}  // namespace
}  // namespace nearside::text
