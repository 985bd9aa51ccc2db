#include "model/synth.h"

#include <span>
#include <string>

#include <gtest/gtest.h>

#include "kernels/tables.h"
#include "model/model.h"
#include "model/tiny_model.h"

namespace nearside::model {
namespace {

gguf::File parse(const std::string& bytes) {
  return *gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "synth");
}

TEST(Synth, EqualSeedsGiveEqualFilesAndOthersDiffer) {
  EXPECT_EQ(tiny_file("llama", 7), tiny_file("llama", 7));
  EXPECT_NE(tiny_file("llama", 7), tiny_file("llama", 8));
}

TEST(Synth, PadsTheVocabularyUpToTheShape) {
  const std::string vocabulary = tiny_vocabulary().to_bytes();
  SynthShape shape = tiny_shape("qwen3");
  shape.vocabulary = 300;
  gguf::Writer writer;
  ASSERT_TRUE(synthesize(shape, {.type = gguf::TensorType::kF16}, parse(vocabulary), writer));
  const std::string bytes = writer.to_bytes();
  const gguf::File file = parse(bytes);
  EXPECT_EQ(file.get_strings("tokenizer.ggml.tokens")->size(), 300U);
  EXPECT_EQ(file.get_ints("tokenizer.ggml.token_type")->back(), 5);
  EXPECT_EQ(file.find_tensor("token_embd.weight")->dims[1], 300U);
  EXPECT_EQ(file.find_tensor("token_embd.weight")->type, gguf::TensorType::kF16);
}

TEST(Synth, MatricesThatDoNotFitTheBlockTakeANarrowerType) {
  const std::string vocabulary = tiny_vocabulary().to_bytes();
  SynthShape shape = tiny_shape("llama");
  shape.ffn = 256;
  gguf::Writer writer;
  ASSERT_TRUE(synthesize(shape, {.type = gguf::TensorType::kQ4_K}, parse(vocabulary), writer));
  const std::string bytes = writer.to_bytes();
  const gguf::File file = parse(bytes);
  EXPECT_EQ(file.find_tensor("blk.0.ffn_down.weight")->type, gguf::TensorType::kQ4_K);
  EXPECT_EQ(file.find_tensor("blk.0.ffn_up.weight")->type, gguf::TensorType::kQ8_0);
  EXPECT_TRUE(Model::load(file, kernels::best_table()));
}

TEST(Synth, RefusesAVocabularyFileWithoutTokens) {
  gguf::Writer empty;
  empty.add("general.architecture", std::string("llama"));
  const std::string bytes = empty.to_bytes();
  gguf::Writer writer;
  EXPECT_FALSE(synthesize(tiny_shape("llama"), {}, parse(bytes), writer));
}

TEST(Synth, KnowsTheSevenShapesByName) {
  ASSERT_EQ(synth_shapes().size(), 11U);
  EXPECT_EQ(synth_shapes()[3].name, "gemma-3-1b");
  EXPECT_EQ(synth_shapes()[6].name, "phi-3-mini");
}

}  // namespace
}  // namespace nearside::model
