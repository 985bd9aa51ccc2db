// Where each weight of a model lies in one flat array, so that gradients, moments and checkpoints
// are flat arrays of the same length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "train/shape.h"

namespace nearside::train {

/// One weight under its GGUF name. A matrix [rows, columns] maps `columns` inputs to `rows`
/// outputs; a norm's gain has one row.
struct Slot {
  std::string name;
  std::size_t offset = 0;
  std::size_t rows = 0;
  std::size_t columns = 0;
  bool is_gain = false;  // starts at one, no weight decay, always stored as F32
};

/// Offsets into the flat array. Query, key and value lie one after the other, and so do gate and
/// up: each group is one product.
struct LayerOffsets {
  std::size_t attention_norm = 0;
  std::size_t qkv = 0;  // [q_dim + 2 kv_dim, dim]
  std::size_t attention_output = 0;
  std::size_t ffn_norm = 0;
  std::size_t gate_up = 0;  // [2 ffn_dim, dim]
  std::size_t ffn_down = 0;
};

struct Layout {
  explicit Layout(const ModelShape& shape);

  ModelShape shape;
  std::vector<Slot> slots;  // in file order
  std::vector<LayerOffsets> layers;
  std::size_t embedding = 0;
  std::size_t output_norm = 0;
  std::size_t output = 0;  // the embedding's offset when they are tied
  std::size_t size = 0;    // floats in all
};

/// Normal weights of deviation 0.02, divided by sqrt(2 layers) where a product feeds the residual
/// stream. Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019),
/// section 2.3. Equal seeds give equal weights on every machine.
std::vector<float> initial_weights(const Layout& layout, std::uint64_t seed);

}  // namespace nearside::train
