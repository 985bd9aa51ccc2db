#include "train/model_file.h"

#include <cmath>

#include <gtest/gtest.h>

#include "train/language.h"

namespace nearside::train {
namespace {

ModelShape tiny_shape(bool tied) {
  ModelShape shape;
  shape.vocabulary = 40;
  shape.dim = 64;
  shape.layers = 2;
  shape.heads = 2;
  shape.kv_heads = 1;
  shape.head_dim = 32;
  shape.ffn_dim = 96;
  shape.context = 128;
  shape.tied_embeddings = tied;
  return shape;
}

std::string file_bytes(const Layout& layout, const std::vector<float>& weights,
                       gguf::TensorType type) {
  gguf::Writer writer;
  add_model(layout, weights, type, {"tiny", "", "apache-2.0"}, writer);
  return writer.to_bytes();
}

gguf::File opened(const std::string& bytes) {
  auto file = gguf::File::from_bytes(std::as_bytes(std::span(bytes.data(), bytes.size())), "test");
  EXPECT_TRUE(file) << file.error().message;
  return std::move(file).value();
}

TEST(ModelFile, ReadsBackTheShapeAndTheExactWeightsItWrote) {
  for (const bool tied : {true, false}) {
    const Layout layout(tiny_shape(tied));
    const auto weights = initial_weights(layout, 1);
    const std::string bytes = file_bytes(layout, weights, gguf::TensorType::kF32);
    const gguf::File file = opened(bytes);
    const auto shape = read_shape(file);
    ASSERT_TRUE(shape) << shape.error().message;
    EXPECT_EQ(*shape, layout.shape);
    const auto back = read_weights(file, layout);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, weights);
  }
}

TEST(ModelFile, EightBitWeightsStayWithinHalfAStepOfTheirBlock) {
  const Layout layout(tiny_shape(true));
  const auto weights = initial_weights(layout, 1);
  const std::string bytes = file_bytes(layout, weights, gguf::TensorType::kQ8_0);
  const auto back = read_weights(opened(bytes), layout);
  ASSERT_TRUE(back) << back.error().message;
  for (const Slot& slot : layout.slots)
    for (std::size_t i = 0; i < slot.rows * slot.columns; ++i) {
      // Normal weights of deviation 0.02 stay below 0.1: a step of 0.1 / 127, and the scale's own
      // rounding to half precision.
      ASSERT_NEAR((*back)[slot.offset + i], weights[slot.offset + i], 0.1 / 127 * 0.51);
    }
}

TEST(ModelFile, RefusesOtherArchitecturesAndMissingTensors) {
  gguf::Writer other;
  other.add("general.architecture", std::string("gemma3"));
  const std::string other_bytes = other.to_bytes();
  EXPECT_EQ(read_shape(opened(other_bytes)).error().code, base::Code::kUnsupported);

  const Layout layout(tiny_shape(true));
  const auto weights = initial_weights(layout, 1);
  const std::string bytes = file_bytes(layout, weights, gguf::TensorType::kF16);
  EXPECT_EQ(read_weights(opened(bytes), Layout(tiny_shape(false))).error().code,
            base::Code::kNotFound);
}

TEST(Language, LearnsAVocabularyAndGivesTheSameExamplesAfterAFile) {
  const auto records = parse_chat_records(
      R"({"messages":[{"role":"user","content":"pump P-1 leaks"}],"expected":"{\"asset\":\"P-1\"}"})");
  ASSERT_TRUE(records);
  const auto learnt = Language::learn(*records, kDefaultChatTemplate, 300);
  ASSERT_TRUE(learnt) << learnt.error().message;
  const auto examples = learnt->encode(*records, 512);
  ASSERT_TRUE(examples) << examples.error().message;
  const Example& example = examples->front();
  const text::Tokenizer& tokenizer = learnt->tokenizer();
  EXPECT_EQ(tokenizer.decode_all(std::span(example.tokens).first(example.answer_begin), true),
            "<|im_start|>user\npump P-1 leaks<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(tokenizer.decode_all(std::span(example.tokens).subspan(example.answer_begin), true),
            "{\"asset\":\"P-1\"}<|im_end|>");
  EXPECT_EQ(example.tokens.back(), tokenizer.eos());

  gguf::Writer writer;
  learnt->describe(writer);
  const std::string bytes = writer.to_bytes();
  const auto read = Language::from_model(opened(bytes));
  ASSERT_TRUE(read) << read.error().message;
  const auto again = read->encode(*records, 512);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->front().tokens, example.tokens);
}

TEST(Language, NamesTheRecordThatDoesNotFitTheContext) {
  const auto records = parse_chat_records(
      R"({"messages":[{"role":"user","content":"pump P-1 leaks"}],"expected":"{}"})");
  ASSERT_TRUE(records);
  const auto learnt = Language::learn(*records, kDefaultChatTemplate, 300);
  ASSERT_TRUE(learnt);
  const auto examples = learnt->encode(*records, 8);
  ASSERT_FALSE(examples);
  EXPECT_EQ(examples.error().code, base::Code::kContextLength);
  EXPECT_NE(examples.error().message.find("record 1"), std::string::npos);
}

}  // namespace
}  // namespace nearside::train
