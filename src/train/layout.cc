#include "train/layout.h"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "train/random.h"

namespace nearside::train {

Layout::Layout(const ModelShape& given) : shape(given) {
  const auto add = [this](std::string name, std::size_t rows, std::size_t columns, bool is_gain) {
    slots.push_back({std::move(name), size, rows, columns, is_gain});
    size += rows * columns;
    return slots.back().offset;
  };
  embedding = add("token_embd.weight", shape.vocabulary, shape.dim, false);
  for (std::size_t i = 0; i < shape.layers; ++i) {
    const auto name = [i](const char* part) { return fmt::format("blk.{}.{}.weight", i, part); };
    LayerOffsets layer;
    layer.attention_norm = add(name("attn_norm"), 1, shape.dim, true);
    layer.qkv = add(name("attn_q"), shape.q_dim(), shape.dim, false);
    add(name("attn_k"), shape.kv_dim(), shape.dim, false);
    add(name("attn_v"), shape.kv_dim(), shape.dim, false);
    layer.attention_output = add(name("attn_output"), shape.dim, shape.q_dim(), false);
    layer.ffn_norm = add(name("ffn_norm"), 1, shape.dim, true);
    layer.gate_up = add(name("ffn_gate"), shape.ffn_dim, shape.dim, false);
    add(name("ffn_up"), shape.ffn_dim, shape.dim, false);
    layer.ffn_down = add(name("ffn_down"), shape.dim, shape.ffn_dim, false);
    layers.push_back(layer);
  }
  output_norm = add("output_norm.weight", 1, shape.dim, true);
  output = embedding;
  if (!shape.tied_embeddings) output = add("output.weight", shape.vocabulary, shape.dim, false);
}

std::vector<float> initial_weights(const Layout& layout, std::uint64_t seed) {
  Random random(seed);
  const double residual = 1.0 / std::sqrt(2.0 * static_cast<double>(layout.shape.layers));
  std::vector<float> weights(layout.size, 1.0F);
  for (const Slot& slot : layout.slots) {
    if (slot.is_gain) continue;
    const bool feeds_residual =
        slot.name.ends_with("attn_output.weight") || slot.name.ends_with("ffn_down.weight");
    const double deviation = 0.02 * (feeds_residual ? residual : 1.0);
    for (std::size_t i = 0; i < slot.rows * slot.columns; ++i)
      weights[slot.offset + i] = static_cast<float>(deviation * random.normal());
  }
  return weights;
}

}  // namespace nearside::train
