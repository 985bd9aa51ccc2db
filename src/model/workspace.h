// The working memory of a forward pass, kept between passes and grown to the largest batch seen.
#pragma once

#include <cstddef>
#include <vector>

#include "model/hyperparameters.h"

namespace nearside::model {

struct Workspace {
  std::vector<float> state;      // [row, embedding]: the residual stream
  std::vector<float> normed;     // [row, embedding]
  std::vector<float> projected;  // [row, embedding]: what a block adds to the state
  std::vector<float> query;      // [row, heads, head_dim]
  std::vector<float> key;        // [row, kv_heads, head_dim]
  std::vector<float> value;      // [row, kv_heads, head_dim]
  std::vector<float> attended;   // [row, heads, head_dim]
  std::vector<float> gate;       // [row, ffn]
  std::vector<float> up;         // [row, ffn]
  std::vector<float> cosines;    // [rope, row, rope_dims / 2]
  std::vector<float> sines;      // [rope, row, rope_dims / 2]
  std::vector<float> attention;  // [worker, a tile of kernels/attention.h]

  void grow(const Hyperparameters& shape, std::size_t rows, std::size_t ropes);
};

}  // namespace nearside::model
