// The sizes of a llama-architecture model to train.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace nearside::train {

struct ModelShape {
  std::size_t vocabulary = 0;
  std::size_t dim = 0;
  std::size_t layers = 0;
  std::size_t heads = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  std::size_t ffn_dim = 0;
  std::size_t context = 512;
  float rope_base = 10000.0F;
  float norm_epsilon = 1e-5F;
  bool tied_embeddings = true;

  [[nodiscard]] std::size_t q_dim() const { return heads * head_dim; }
  [[nodiscard]] std::size_t kv_dim() const { return kv_heads * head_dim; }
  [[nodiscard]] std::size_t qkv_dim() const { return q_dim() + 2 * kv_dim(); }
  friend bool operator==(const ModelShape&, const ModelShape&) = default;
};

/// Reads an architecture file: a JSON object with `vocabulary`, `dim`, `layers`, `heads`, `ffn_dim`
/// and, where they differ from the defaults, `kv_heads` (= heads), `head_dim` (= dim / heads),
/// `context`, `rope_base`, `norm_epsilon`, `tied_embeddings`.
/// Errors: kInvalidArgument (syntax, an unknown or missing key, or sizes that do not fit together;
/// named), kTooLarge (past the bounds of a model one would train on a CPU).
base::Result<ModelShape> parse_shape(std::string_view json);

/// What parse_shape checks, for shapes from elsewhere.
base::Status check_shape(const ModelShape& shape);

}  // namespace nearside::train
