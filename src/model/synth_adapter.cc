// Random LoRA adapters, for tests and comparisons.
#include <cmath>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "base/check.h"
#include "model/decoder_tensors.h"
#include "model/random.h"
#include "model/synth.h"

namespace nearside::model {

namespace {

/// Together with alpha = rank (a scale of 1), what an adapter adds has about this standard
/// deviation beside a matrix's 1.
constexpr float kEffect = 0.3F;

void add_random(const std::string& name, std::size_t rows, std::size_t columns, float deviation,
                std::uint64_t seed, gguf::Writer& out) {
  out.add_tensor(name, gguf::TensorType::kF32, {columns, rows}, [=](std::span<std::byte> bytes) {
    Random random(seed);
    for (std::size_t i = 0; i < rows * columns; ++i) {
      const float value = deviation * random.normal();
      std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
    }
  });
}

}  // namespace

void synthesize_adapter(const SynthShape& shape, std::size_t rank, std::uint64_t seed,
                        gguf::Writer& out) {
  CHECK(!shape.encoder && shape.experts == 0 && rank >= 1);
  out.add("general.type", std::string("adapter"));
  out.add("general.architecture", std::string(shape.architecture));
  out.add("general.name", fmt::format("{}-random-adapter", shape.name));
  out.add("adapter.type", std::string("lora"));
  out.add("adapter.lora.alpha", static_cast<float>(rank));
  Random seeds(seed);
  const std::size_t query_width = shape.heads * shape.head_dim;
  const std::size_t kv_width = shape.kv_heads * shape.head_dim;
  for (std::size_t i = 0; i < shape.layers; ++i) {
    const auto pair = [&](std::string_view tensor, std::size_t rows, std::size_t columns) {
      const std::string name = layer_tensor(i, tensor);
      const auto root = [](std::size_t count) { return std::sqrt(static_cast<float>(count)); };
      add_random(name + ".lora_a", rank, columns, 1.0F / root(columns), seeds.next(), out);
      add_random(name + ".lora_b", rows, rank, kEffect / root(rank), seeds.next(), out);
    };
    if (shape.fused) {
      pair("attn_qkv.weight", query_width + 2 * kv_width, shape.embedding);
    } else {
      pair("attn_q.weight", query_width, shape.embedding);
      pair("attn_k.weight", kv_width, shape.embedding);
      pair("attn_v.weight", kv_width, shape.embedding);
    }
    pair("attn_output.weight", shape.embedding, query_width);
    if (!shape.fused) pair("ffn_gate.weight", shape.ffn, shape.embedding);
    pair("ffn_up.weight", shape.fused ? 2 * shape.ffn : shape.ffn, shape.embedding);
    pair("ffn_down.weight", shape.embedding, shape.ffn);
  }
}

}  // namespace nearside::model
