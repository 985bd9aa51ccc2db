#include "text/vocabulary.h"

#include <cmath>

#include <gtest/gtest.h>

#include "text/vocabulary_fixture.h"

namespace nearside::text {
namespace {

using base::Code;

TEST(Vocabulary, RefusesAFileWithoutOne) {
  VocabularyFixture fixture;
  EXPECT_EQ(fixture.error(), Code::kCorrupt);
  fixture.model = "gpt2";
  EXPECT_EQ(fixture.error(), Code::kCorrupt);
  fixture.model = "rwkv";
  EXPECT_EQ(fixture.error(), Code::kUnsupported);
}

TEST(Vocabulary, RefusesArraysOfDifferentLengths) {
  VocabularyFixture fixture = VocabularyFixture::spm({"a"});
  ASSERT_EQ(fixture.error(), Code::kInternal);
  fixture.types.pop_back();
  EXPECT_EQ(fixture.error(), Code::kCorrupt);
  fixture = VocabularyFixture::spm({"a"});
  fixture.scores.push_back(0);
  EXPECT_EQ(fixture.error(), Code::kCorrupt);
}

TEST(Vocabulary, RefusesTypesOutOfRange) {
  for (const std::int32_t type : {-1, 7, INT32_MAX, INT32_MIN}) {
    VocabularyFixture fixture = VocabularyFixture::bpe({"a b"});
    fixture.types[3] = type;
    EXPECT_EQ(fixture.error(), Code::kCorrupt) << type;
  }
}

TEST(Vocabulary, RefusesScoresThatAreNoNumbers) {
  VocabularyFixture fixture = VocabularyFixture::spm({"a"});
  fixture.scores[3] = std::nanf("");
  EXPECT_EQ(fixture.error(), Code::kCorrupt);
}

TEST(Vocabulary, RefusesIdsOutOfRange) {
  for (const char* key : {"bos", "eos", "eot", "eom", "unknown"}) {
    VocabularyFixture fixture = VocabularyFixture::bpe({"a b"});
    const std::string name = std::string("tokenizer.ggml.") + key + "_token_id";
    fixture.more.add(name, static_cast<std::uint32_t>(fixture.tokens.size()));
    EXPECT_EQ(fixture.error(), Code::kCorrupt) << key;
    fixture.more.add(name, static_cast<std::uint32_t>(fixture.tokens.size() - 1));
    EXPECT_EQ(fixture.error(), Code::kInternal) << key;
    fixture.more.add(name, std::string("zero"));
    EXPECT_EQ(fixture.error(), Code::kCorrupt) << key;
  }
}

TEST(Vocabulary, RefusesTokensPastTheBound) {
  VocabularyFixture fixture = VocabularyFixture::bpe({"a b"});
  fixture.add(std::string(kTokenBytesMax, 'x'));
  EXPECT_EQ(fixture.error(), Code::kInternal);
  fixture.add(std::string(kTokenBytesMax + 1, 'x'));
  EXPECT_EQ(fixture.error(), Code::kTooLarge);
}

TEST(Vocabulary, PassesOverTokensWithoutText) {
  VocabularyFixture fixture = VocabularyFixture::bpe({"a b"});
  fixture.add("");
  fixture.add("", TokenType::kControl);
  EXPECT_EQ(fixture.error(), Code::kInternal);
}

TEST(Vocabulary, TakesEveryTokenAsNormalWhereTypesAreMissing) {
  VocabularyFixture fixture = VocabularyFixture::bpe({"a b"});
  fixture.types.clear();
  const auto tokenizer = fixture.read();
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(spelled(**tokenizer, "abc"), "ab|c");
}

}  // namespace
}  // namespace nearside::text
