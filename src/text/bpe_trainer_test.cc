#include "text/bpe_trainer.h"

#include <algorithm>
#include <set>
#include <span>

#include <gtest/gtest.h>

#include "gguf/file.h"
#include "text/tokenizer.h"

namespace nearside::text {
namespace {

std::string sample() {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text +=
        "Pump P-" + std::to_string(100 + i * 7) +
        " leaks oil again, can't restart the conveyor. Förderband steht, Pumpe läuft trocken!\n";
  return text;
}

TrainedVocabulary train(std::string_view text, BpeTrainerOptions options) {
  base::Result<BpeTrainer> trainer = BpeTrainer::create(std::move(options));
  EXPECT_TRUE(trainer) << trainer.error().message;
  trainer->add(text);
  return trainer->learn();
}

BpeTrainerOptions options_of(std::size_t size) {
  BpeTrainerOptions options;
  options.vocabulary_size = size;
  options.special_tokens = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
  return options;
}

std::unique_ptr<Tokenizer> load(const TrainedVocabulary& vocabulary) {
  gguf::Writer writer;
  writer.add("general.architecture", std::string("llama"));
  add_vocabulary(vocabulary, {"<|endoftext|>", "<|im_end|>", "<|endoftext|>", false}, writer);
  const std::string bytes = writer.to_bytes();
  base::Result<gguf::File> file =
      gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "trained");
  EXPECT_TRUE(file) << file.error().message;
  base::Result<std::unique_ptr<Tokenizer>> tokenizer = Tokenizer::from_gguf(*file);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return std::move(tokenizer).value();
}

TEST(BpeTrainer, LearnsTheMostFrequentPairFirst) {
  BpeTrainerOptions options;
  options.vocabulary_size = 258;
  const TrainedVocabulary vocabulary = train("abab abab abc", options);
  ASSERT_EQ(vocabulary.merges.size(), 2U);
  EXPECT_EQ(vocabulary.merges[0], "a b");
  EXPECT_EQ(vocabulary.tokens[256], "ab");
}

TEST(BpeTrainer, FillsTheVocabularyAndPutsSpecialTokensLast) {
  const TrainedVocabulary vocabulary = train(sample(), options_of(320));
  ASSERT_EQ(vocabulary.tokens.size(), 320U);
  EXPECT_EQ(vocabulary.token_types.size(), 320U);
  EXPECT_EQ(vocabulary.tokens.back(), "<|im_end|>");
  EXPECT_EQ(vocabulary.token_types.back(), 3);
  EXPECT_EQ(std::set(vocabulary.tokens.begin(), vocabulary.tokens.end()).size(), 320U);
}

TEST(BpeTrainer, StopsWhenTheTextHasNoMorePairs) {
  const TrainedVocabulary vocabulary = train("hello hello", options_of(4096));
  EXPECT_LT(vocabulary.tokens.size(), 270U);
}

TEST(BpeTrainer, IsTheSameForTheSameText) {
  const TrainedVocabulary first = train(sample(), options_of(400));
  const TrainedVocabulary second = train(sample(), options_of(400));
  EXPECT_EQ(first.tokens, second.tokens);
  EXPECT_EQ(first.merges, second.merges);
}

TEST(BpeTrainer, MakesAVocabularyThatTheTokenizerReads) {
  const std::unique_ptr<Tokenizer> tokenizer = load(train(sample(), options_of(320)));
  const std::string text = sample() + "\n  never seen: żółw 🦙 \r\n";
  const std::vector<TokenId> ids = tokenizer->encode(text);
  EXPECT_LT(ids.size() * 2, text.size());
  EXPECT_EQ(tokenizer->decode_all(ids), text);
  EXPECT_EQ(tokenizer->eos(), 319);
  EXPECT_TRUE(tokenizer->ends_generation(tokenizer->eos()));
}

TEST(BpeTrainer, KeepsEveryDigitAlone) {
  const TrainedVocabulary vocabulary = train(sample(), options_of(420));
  for (std::size_t i = 256; i < vocabulary.tokens.size(); ++i)
    EXPECT_TRUE(std::none_of(vocabulary.tokens[i].begin(), vocabulary.tokens[i].end(), [](char c) {
      return c >= '0' && c <= '9';
    })) << vocabulary.tokens[i];
}

TEST(BpeTrainer, LearnsNothingFromSpecialTokens) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "<|im_start|><|im_end|>";
  const TrainedVocabulary vocabulary = train(text, options_of(300));
  EXPECT_TRUE(vocabulary.merges.empty());
}

TEST(BpeTrainer, NeverSpellsASpecialTokenAsWords) {
  BpeTrainerOptions options;
  options.vocabulary_size = 300;
  options.special_tokens = {"\u0120a"};  // what " a" is in the byte alphabet
  const TrainedVocabulary vocabulary = train("b a b a b a", options);
  EXPECT_EQ(std::count(vocabulary.tokens.begin(), vocabulary.tokens.end(), "\u0120a"), 1);
}

TEST(BpeTrainer, RefusesASizeBelowTheBytes) {
  const auto trainer = BpeTrainer::create(options_of(258));
  ASSERT_FALSE(trainer);
  EXPECT_EQ(trainer.error().code, base::Code::kInvalidArgument);
}

TEST(BpeTrainer, RefusesAnUnknownPreTokenizer) {
  BpeTrainerOptions options;
  options.pre_tokenizer = "nobody";
  const auto trainer = BpeTrainer::create(options);
  ASSERT_FALSE(trainer);
  EXPECT_EQ(trainer.error().code, base::Code::kUnsupported);
}

}  // namespace
}  // namespace nearside::text
