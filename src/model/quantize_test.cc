#include "model/quantize.h"

#include <cmath>

#include <gtest/gtest.h>

#include "kernels/format.h"
#include "model/tiny_model.h"

namespace nearside::model {
namespace {

using gguf::TensorType;

gguf::Tensor tensor(std::string_view name, std::uint64_t columns, std::uint32_t dims_count = 2) {
  gguf::Tensor tensor;
  tensor.name = name;
  tensor.type = TensorType::kF16;
  tensor.dims = {columns, dims_count > 1 ? 512U : 1U, 1, 1};
  tensor.dims_count = dims_count;
  return tensor;
}

TEST(QuantizeRecipe, SpendsBitsWhereLlamaCppDoes) {
  const QuantizeModel model{.blocks = 16, .query_heads_per_kv_head = 4, .has_output = false};
  struct Case {
    const char* recipe;
    const char* tensor;
    std::uint64_t columns;
    TensorType type;
  };
  // Expected: what llama-quantize prints for llama-3.2-1b, and for rows of 896 (qwen2.5-0.5b).
  const Case cases[] = {
      {"Q4_0", "token_embd.weight", 2048, TensorType::kQ6_K},
      {"Q4_0", "blk.3.ffn_down.weight", 2048, TensorType::kQ4_0},
      {"Q8_0", "token_embd.weight", 2048, TensorType::kQ8_0},
      {"Q4_K_M", "blk.0.attn_v.weight", 2048, TensorType::kQ6_K},
      {"Q4_K_M", "blk.2.attn_v.weight", 2048, TensorType::kQ4_K},
      {"Q4_K_M", "blk.4.ffn_down.weight", 2048, TensorType::kQ6_K},
      {"Q4_K_M", "blk.4.ffn_up.weight", 2048, TensorType::kQ4_K},
      {"Q4_K_S", "blk.3.attn_v.weight", 2048, TensorType::kQ5_K},
      {"Q4_K_S", "blk.1.ffn_down.weight", 2048, TensorType::kQ5_K},
      {"Q5_K_M", "blk.15.ffn_down.weight", 2048, TensorType::kQ6_K},
      {"Q3_K_M", "blk.5.attn_output.weight", 2048, TensorType::kQ4_K},
      {"Q4_K_M", "blk.2.attn_q.weight", 896, TensorType::kQ5_0},
      {"Q4_K_M", "blk.0.attn_v.weight", 896, TensorType::kQ8_0},
      {"Q5_K_M", "blk.2.attn_q.weight", 896, TensorType::kQ5_1},
      {"Q6_K", "token_embd.weight", 896, TensorType::kQ8_0},
      {"Q4_K_M", "blk.2.attn_q.weight", 100, TensorType::kF16},
      {"F16", "blk.2.attn_q.weight", 100, TensorType::kF16},
  };
  for (const auto& [name, of, columns, type] : cases)
    EXPECT_EQ(quantized_type(*find_quantize_recipe(name), model, tensor(of, columns)), type)
        << name << " " << of << " " << columns;
}

TEST(QuantizeRecipe, LeavesNormsVectorsAndRoutersAlone) {
  const QuantizeRecipe& recipe = *find_quantize_recipe("q4_0");
  for (const char* name : {"blk.0.attn_norm.weight", "blk.0.ffn_gate_inp.weight", "rope_freqs"})
    EXPECT_EQ(quantized_type(recipe, {}, tensor(name, 64)), TensorType::kF16) << name;
  EXPECT_EQ(quantized_type(recipe, {}, tensor("blk.0.attn_q.weight", 64, 1)), TensorType::kF16);
}

TEST(Quantize, WritesTheSameModelInOtherTypes) {
  const std::string bytes = tiny_file("llama");
  const gguf::File file = gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "tiny").value();
  base::ThreadPool pool(2);
  gguf::Writer writer;
  std::size_t last = 0;
  const QuantizeOptions options{.allow_requantize = false,
                                .progress = [&](std::size_t done, std::size_t) { last = done; }};
  const base::Status status = quantize(file, *find_quantize_recipe("Q8_0"), options, pool, writer);
  ASSERT_TRUE(status) << status.error().message;
  const std::string out = writer.to_bytes();
  const gguf::File quantised =
      gguf::File::from_bytes(std::as_bytes(std::span(out)), "quantised").value();
  EXPECT_EQ(last, file.tensors().size());
  EXPECT_EQ(quantised.get_uint("general.file_type").value(), 7U);
  ASSERT_EQ(quantised.tensors().size(), file.tensors().size());
  for (const gguf::Tensor& before : file.tensors()) {
    const gguf::Tensor* after = quantised.find_tensor(before.name);
    ASSERT_NE(after, nullptr) << before.name;
    const std::size_t columns = before.columns();
    std::vector<float> a(columns);
    std::vector<float> b(columns);
    const kernels::Format& from = kernels::format(before.type);
    const kernels::Format& to = kernels::format(after->type);
    for (std::size_t row = 0; row < before.rows(); ++row) {
      from.dequantize_row(before.data.data() + row * from.row_bytes(columns), columns, a.data());
      to.dequantize_row(after->data.data() + row * to.row_bytes(columns), columns, b.data());
      float largest = 0;
      for (const float value : a) largest = std::max(largest, std::fabs(value));
      for (std::size_t c = 0; c < columns; ++c)
        ASSERT_NEAR(a[c], b[c], largest / 120) << before.name;
    }
  }
  gguf::Writer again;
  const base::Status refused = quantize(quantised, *find_quantize_recipe("Q4_0"), {}, pool, again);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::kUnsupported);
}

}  // namespace
}  // namespace nearside::model
