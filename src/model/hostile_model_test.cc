// Model files that lie: each is refused with one sentence that names what is wrong.
#include <cstring>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/tables.h"
#include "model/model.h"
#include "model/random.h"
#include "model/tiny_model.h"

namespace nearside::model {
namespace {

using base::Code;

base::Error error_of(const std::string& bytes) {
  const auto file = gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "hostile");
  if (!file) return file.error();
  const auto model = Model::load(*file, kernels::best_table());
  return model ? base::Error{Code::kInternal, "loaded"} : model.error();
}

base::Error spoiled(std::string_view architecture,
                    const std::function<void(gguf::Writer&)>& spoil) {
  gguf::Writer writer = tiny_writer(architecture);
  spoil(writer);
  return error_of(writer.to_bytes());
}

base::Error with_count(std::string key, std::uint64_t value, std::string_view arch = "llama") {
  return spoiled(arch, [&](gguf::Writer& writer) { writer.add(std::move(key), value); });
}

void expect(const base::Error& error, Code code, std::string_view mentions) {
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_NE(error.message.find(mentions), std::string::npos) << error.message;
}

struct BadCount {
  std::string key;
  std::uint64_t value;
};

class HostileCount : public testing::TestWithParam<BadCount> {};

TEST_P(HostileCount, IsRefusedByName) {
  expect(with_count(GetParam().key, GetParam().value), Code::kCorrupt, GetParam().key);
}

INSTANTIATE_TEST_SUITE_P(
    HostileModel, HostileCount,
    testing::Values(
        BadCount{"llama.block_count", 0}, BadCount{"llama.block_count", 1'000'000'000},
        BadCount{"llama.embedding_length", 0},
        BadCount{"llama.embedding_length", std::uint64_t{1} << 62U},
        BadCount{"llama.feed_forward_length", 0},
        BadCount{"llama.feed_forward_length", ~std::uint64_t{0}},
        BadCount{"llama.context_length", 0}, BadCount{"llama.context_length", ~std::uint64_t{0}},
        BadCount{"llama.attention.head_count", 0},
        BadCount{"llama.attention.head_count", 1'000'000},
        BadCount{"llama.attention.head_count_kv", 0}, BadCount{"llama.attention.head_count_kv", 3},
        BadCount{"llama.attention.key_length", 0}, BadCount{"llama.attention.key_length", 100'000},
        BadCount{"llama.rope.dimension_count", 0}, BadCount{"llama.rope.dimension_count", 7},
        BadCount{"llama.rope.dimension_count", 16}));

TEST(HostileModel, OddHeadIsRefused) {
  expect(with_count("llama.attention.key_length", 7), Code::kCorrupt, "width is 7");
}

TEST(HostileModel, MoreLayersThanTensorsNamesTheFirstMissing) {
  expect(with_count("llama.block_count", 3), Code::kCorrupt,
         "tensor blk.2.attn_norm.weight is missing");
}

TEST(HostileModel, HeadWidthThatTensorsContradictNamesBothShapes) {
  const base::Error error = spoiled("llama", [](gguf::Writer& writer) {
    writer.add("llama.attention.key_length", std::uint32_t{16});
    writer.add("llama.attention.value_length", std::uint32_t{16});
  });
  expect(error, Code::kCorrupt,
         "tensor blk.0.attn_q.weight has shape [32, 32], but the metadata ask for [32, 64]");
}

TEST(HostileModel, WiderFeedForwardThanTensorsIsRefused) {
  expect(with_count("llama.feed_forward_length", 4096), Code::kCorrupt, "blk.0.ffn_gate.weight");
}

TEST(HostileModel, ValuesOfAnotherWidthThanKeysAreUnsupported) {
  expect(with_count("llama.attention.value_length", 4), Code::kUnsupported, "width");
}

TEST(HostileModel, ExpertsAreUnsupportedWhereTheFamilyHasNone) {
  gguf::Writer writer = tiny_writer("llama");
  writer.add("llama.expert_count", std::uint32_t{8});
  writer.add("llama.expert_used_count", std::uint32_t{2});
  expect(error_of(writer.to_bytes()), Code::kUnsupported, "llama.expert_count");
}

TEST(HostileModel, MoreExpertsUsedThanThereAreIsRefused) {
  expect(with_count("qwen3moe.expert_used_count", 7, "qwen3moe"), Code::kCorrupt,
         "qwen3moe.expert_used_count");
  expect(with_count("qwen3moe.expert_count", 5, "qwen3moe"), Code::kCorrupt,
         "blk.0.ffn_gate_inp.weight");
}

TEST(HostileModel, CapsThatAreNoneAreRefused) {
  for (const float cap : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN()})
    expect(spoiled("gemma2",
                   [&](gguf::Writer& writer) { writer.add("gemma2.attn_logit_softcapping", cap); }),
           Code::kCorrupt, "gemma2.attn_logit_softcapping");
}

TEST(HostileModel, AnEncoderThatLooksBackOnlyIsUnsupported) {
  expect(spoiled("bert", [](gguf::Writer& writer) { writer.add("bert.attention.causal", true); }),
         Code::kUnsupported, "bert.attention.causal");
}

TEST(HostileModel, UnknownRopeScalingIsUnsupported) {
  expect(spoiled("llama",
                 [](gguf::Writer& writer) {
                   writer.add("llama.rope.scaling.type", std::string("longrope"));
                 }),
         Code::kUnsupported, "longrope");
}

TEST(HostileModel, NumbersThatAreNoneAreRefused) {
  for (const float value : {0.0F, -1.0F, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()})
    expect(spoiled("llama",
                   [&](gguf::Writer& writer) {
                     writer.add("llama.attention.layer_norm_rms_epsilon", value);
                   }),
           Code::kCorrupt, "layer_norm_rms_epsilon");
}

TEST(HostileModel, CountGivenAsTextIsRefused) {
  expect(spoiled("llama",
                 [](gguf::Writer& writer) { writer.add("llama.block_count", std::string("two")); }),
         Code::kCorrupt, "llama.block_count");
}

TEST(HostileModel, UnknownArchitectureIsNamedWithThoseKnown) {
  const base::Error error = spoiled("llama", [](gguf::Writer& writer) {
    writer.add("general.architecture", std::string("mamba"));
  });
  expect(error, Code::kUnsupported, "mamba");
  expect(error, Code::kUnsupported, "gemma3");
}

TEST(HostileModel, WindowOfNothingIsRefused) {
  expect(with_count("gemma3.attention.sliding_window", 0, "gemma3"), Code::kCorrupt,
         "gemma3.attention.sliding_window");
}

TEST(HostileModel, VocabularyOnlyFileSaysThatWeightsAreMissing) {
  gguf::Writer writer = tiny_vocabulary();
  writer.add("general.architecture", std::string("llama"));
  for (const char* key : {"block_count", "embedding_length", "feed_forward_length",
                          "context_length", "attention.head_count"})
    writer.add(metadata_key("llama", key), std::uint32_t{2});
  expect(error_of(writer.to_bytes()), Code::kCorrupt, "token_embd.weight is missing");
}

TEST(HostileModel, VectorWhereAMatrixBelongsIsRefused) {
  expect(spoiled("llama",
                 [](gguf::Writer& writer) {
                   writer.add_tensor("output.weight", gguf::TensorType::kF32, {32},
                                     [](std::span<std::byte>) {});
                 }),
         Code::kCorrupt, "output.weight");
}

TEST(HostileModel, FrequencyFactorOfZeroIsRefused) {
  expect(spoiled("qwen3",
                 [](gguf::Writer& writer) {
                   writer.add_tensor(
                       "rope_freqs.weight", gguf::TensorType::kF32, {8},
                       [](std::span<std::byte> out) { std::memset(out.data(), 0, out.size()); });
                 }),
         Code::kCorrupt, "rope_freqs.weight");
}

TEST(HostileModel, FlippedBytesAreRefusedOrComputedNeverACrash) {
  for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
    const std::string good = tiny_file(architecture);
    const auto parsed = gguf::File::from_bytes(std::as_bytes(std::span(good)), "tiny");
    // Everything before the weights: they may hold anything.
    const std::size_t header = static_cast<std::size_t>(parsed->tensors().front().data.data() -
                                                        std::as_bytes(std::span(good)).data());
    Random random(5);
    for (int i = 0; i < 300; ++i) {
      std::string bytes = good;
      for (std::size_t flips = 1 + random.below(3); flips > 0; --flips)
        bytes[random.below(header)] ^= static_cast<char>(1U << random.below(8));
      const auto file = gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "flipped");
      if (!file) continue;
      const auto model = Model::load(*file, kernels::best_table());
      if (!model) continue;
      base::ThreadPool pool(1);
      kernels::Context context{.table = kernels::best_table(), .pool = pool};
      KvCache cache((*model)->kv_shape(1, 8));
      cache.reserve(0, 2);
      std::vector<float> logits((*model)->hyperparameters().vocabulary);
      (*model)->forward({{.sequence = 0, .position = 0, .token = 0},
                         {.sequence = 0, .position = 1, .token = 0, .wants_logits = true}},
                        cache, logits, context);
    }
  }
}

}  // namespace
}  // namespace nearside::model
