#include "model/adapter.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/tables.h"
#include "model/model.h"
#include "model/tiny_model.h"

namespace nearside::model {
namespace {

using base::Code;

gguf::File parse(const std::string& bytes) {
  auto file = gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "tiny");
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

/// A model, and what it needs to run.
struct Loaded {
  explicit Loaded(std::string file_bytes)
      : bytes(std::move(file_bytes)),
        file(parse(bytes)),
        model(*Model::load(file, kernels::best_table())) {}

  std::vector<float> forward(const Batch& batch) {
    base::ThreadPool pool(2);
    kernels::Context context{.table = kernels::best_table(), .pool = pool};
    KvCache cache(model->kv_shape(4, 256));
    for (const Row& row : batch) cache.reserve(row.sequence, row.position + 1U);
    std::vector<float> logits(logits_rows(batch) * kTinyVocabulary);
    model->forward(batch, cache, logits, context);
    return logits;
  }
  std::string bytes;
  gguf::File file;
  std::unique_ptr<Model> model;
};

/// An adapter with the bytes it views.
struct LoadedAdapter {
  LoadedAdapter(std::string file_bytes, const Model& base) : bytes(std::move(file_bytes)) {
    auto loaded =
        Adapter::load(parse(bytes), "tiny", base.hyperparameters(), kernels::best_table());
    EXPECT_TRUE(loaded) << loaded.error().message;
    adapter = *loaded;
    row = {.adapter = adapter.get(), .scale = 1.0F};
  }
  std::string bytes;
  std::shared_ptr<const Adapter> adapter;
  RowAdapter row;
};

Batch prompt(SequenceIndex sequence, std::size_t count, const RowAdapter* adapter) {
  Batch batch;
  for (std::size_t i = 0; i < count; ++i)
    batch.push_back({.sequence = sequence,
                     .position = static_cast<std::uint32_t>(i),
                     .token = static_cast<TokenId>(i * 37 % kTinyVocabulary),
                     .wants_logits = i + 1 == count,
                     .adapter = adapter});
  return batch;
}

std::vector<float> floats_of(const gguf::Tensor& tensor) {
  std::vector<float> out(tensor.rows() * tensor.columns());
  std::memcpy(out.data(), tensor.data.data(), out.size() * sizeof(float));
  return out;
}

/// The base's file with scale * up down added to every matrix that the adapter adapts.
std::string merged(const gguf::File& base, const gguf::File& adapter, float scale) {
  gguf::Writer writer;
  writer.copy_metadata(base, "");
  for (const gguf::Tensor& tensor : base.tensors()) {
    std::vector<float> values = floats_of(tensor);
    const std::string name(tensor.name);
    const gguf::Tensor* const down = adapter.find_tensor(name + ".lora_a");
    const gguf::Tensor* const up = adapter.find_tensor(name + ".lora_b");
    if (down != nullptr) {
      const std::vector<float> a = floats_of(*down);
      const std::vector<float> b = floats_of(*up);
      const std::size_t rank = down->rows();
      for (std::size_t row = 0; row < tensor.rows(); ++row)
        for (std::size_t column = 0; column < tensor.columns(); ++column)
          for (std::size_t r = 0; r < rank; ++r)
            values[row * tensor.columns() + column] +=
                scale * b[row * rank + r] * a[r * tensor.columns() + column];
    }
    writer.add_tensor(
        name, tensor.type, {tensor.dims.begin(), tensor.dims.begin() + tensor.dims_count},
        [values](std::span<std::byte> out) { std::memcpy(out.data(), values.data(), out.size()); });
  }
  return writer.to_bytes();
}

float greatest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float greatest = 0.0F;
  for (std::size_t i = 0; i < a.size(); ++i) greatest = std::max(greatest, std::fabs(a[i] - b[i]));
  return greatest;
}

class EveryDecoder : public testing::TestWithParam<std::string> {};

// All weights are F32: the two ways differ by the order of sums, and by what that changes in the
// rounding of attention to bfloat16.
TEST_P(EveryDecoder, AdaptsLikeMergedWeights) {
  Loaded base(tiny_file(GetParam()));
  LoadedAdapter adapter(tiny_adapter_file(GetParam()), *base.model);
  adapter.row.scale = 0.5F;
  Loaded whole(merged(base.file, parse(adapter.bytes), 0.5F));
  const std::vector<float> adapted = base.forward(prompt(0, 40, &adapter.row));
  const float effect = greatest_difference(adapted, base.forward(prompt(0, 40, nullptr)));
  EXPECT_GT(effect, 0.02F);  // granite's blocks add little to a large embedding
  EXPECT_LT(greatest_difference(adapted, whole.forward(prompt(0, 40, nullptr))), effect / 20);
}

TEST_P(EveryDecoder, AnswersInAMixedBatchAsAlone) {
  Loaded base(tiny_file(GetParam()));
  const LoadedAdapter first(tiny_adapter_file(GetParam(), 1), *base.model);
  const LoadedAdapter second(tiny_adapter_file(GetParam(), 2), *base.model);
  const RowAdapter* const each[] = {&first.row, nullptr, &second.row, &first.row};
  Batch batch;
  for (std::uint32_t i = 0; i < 4; ++i)
    for (const Row& row : prompt(i, 9 + 20 * i, each[i])) batch.push_back(row);
  const std::vector<float> together = base.forward(batch);
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::vector<float> alone = base.forward(prompt(0, 9 + 20 * i, each[i]));
    EXPECT_EQ(alone, std::vector<float>(together.begin() + i * kTinyVocabulary,
                                        together.begin() + (i + 1) * kTinyVocabulary));
  }
}

INSTANTIATE_TEST_SUITE_P(Adapter, EveryDecoder,
                         testing::Values("llama", "qwen2", "qwen3", "gemma2", "gemma3", "smollm3",
                                         "granite", "phi3"));

base::Error error_of(const std::string& bytes, std::string_view base_architecture = "llama") {
  const Loaded base(tiny_file(base_architecture));
  auto file = gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "hostile");
  if (!file) return file.error();
  const auto adapter = Adapter::load(std::move(*file), "night-shift", base.model->hyperparameters(),
                                     kernels::best_table());
  return adapter ? base::Error{Code::kInternal, "loaded"} : adapter.error();
}

void expect(const base::Error& error, Code code, std::string_view mentions) {
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_NE(error.message.find(mentions), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("night-shift"), std::string::npos) << error.message;
}

base::Error spoiled(const std::function<void(gguf::Writer&)>& spoil) {
  gguf::Writer writer;
  synthesize_adapter(tiny_shape("llama"), 4, 1, writer);
  spoil(writer);
  return error_of(writer.to_bytes());
}

/// An adapter with one pair of halves.
base::Error with_pair(const std::string& name, std::vector<std::uint64_t> down,
                      std::vector<std::uint64_t> up) {
  gguf::Writer writer;
  writer.add("general.type", std::string("adapter"));
  writer.add("general.architecture", std::string("llama"));
  writer.add("adapter.type", std::string("lora"));
  const auto zeros = [](std::span<std::byte> out) { std::memset(out.data(), 0, out.size()); };
  if (!down.empty()) writer.add_tensor(name + ".lora_a", gguf::TensorType::kF32, down, zeros);
  if (!up.empty()) writer.add_tensor(name + ".lora_b", gguf::TensorType::kF32, up, zeros);
  return error_of(writer.to_bytes());
}

TEST(Adapter, OfAnotherArchitectureIsRefused) {
  expect(error_of(tiny_adapter_file("qwen3")), Code::kInvalidArgument,
         "its architecture is \"qwen3\", the model's \"llama\"");
}

TEST(Adapter, OfAnotherShapeIsRefusedNamingTheMatrix) {
  expect(with_pair("blk.0.attn_q.weight", {64, 4}, {4, 64}), Code::kInvalidArgument,
         "adapts blk.0.attn_q.weight as a matrix of 64 inputs and 64 outputs, the model's has 32");
  expect(with_pair("blk.7.attn_q.weight", {32, 4}, {4, 32}), Code::kInvalidArgument,
         "adapts blk.7.attn_q.weight, which the model does not have");
}

TEST(Adapter, WithHalvesThatDoNotFitIsCorrupt) {
  expect(with_pair("blk.0.attn_q.weight", {32, 4}, {5, 32}), Code::kCorrupt, "do not fit together");
  expect(with_pair("blk.0.attn_q.weight", {32, 4, 2}, {4, 32}), Code::kCorrupt,
         "do not fit together");
  expect(with_pair("blk.0.attn_q.weight", {32, 4}, {}), Code::kCorrupt,
         "stands without blk.0.attn_q.weight.lora_b");
  expect(with_pair("blk.0.attn_q.weight", {}, {4, 32}), Code::kCorrupt,
         "stands without blk.0.attn_q.weight.lora_a");
}

TEST(Adapter, ThatIsNoneIsCorrupt) {
  expect(error_of(tiny_file("llama")), Code::kCorrupt, "no adapter file");
  expect(with_pair("blk.0.attn_q.weight", {}, {}), Code::kCorrupt, "no tensors");
  expect(spoiled([](gguf::Writer& writer) {
           writer.add_tensor("surplus", gguf::TensorType::kF32, {4},
                             [](std::span<std::byte> out) { std::memset(out.data(), 0, 16); });
         }),
         Code::kCorrupt, "surplus");
}

TEST(Adapter, OfAnotherKindIsUnsupported) {
  expect(spoiled([](gguf::Writer& writer) { writer.add("adapter.type", std::string("ia3")); }),
         Code::kUnsupported, "ia3");
  expect(with_pair("token_embd.weight", {258, 4}, {4, 32}), Code::kUnsupported,
         "token_embd.weight");
}

TEST(Adapter, WithAnAlphaThatIsNoNumberIsCorrupt) {
  for (const float alpha : {-1.0F, NAN, INFINITY})
    expect(spoiled([&](gguf::Writer& writer) { writer.add("adapter.lora.alpha", alpha); }),
           Code::kCorrupt, "adapter.lora.alpha");
}

}  // namespace
}  // namespace nearside::model
