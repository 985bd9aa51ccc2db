// The numbers that shape a model, read from a file's metadata and checked against each other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gguf/file.h"

namespace nearside::model {

/// Every count is at least 1 and within the bounds of hyperparameters.cc.
struct Hyperparameters {
  std::string architecture;  // "llama"
  std::size_t layers = 0;
  std::size_t embedding = 0;       // width of a token's state
  std::size_t ffn = 0;             // inner width of a feed-forward block
  std::size_t heads = 0;           // of queries; a multiple of kv_heads
  std::size_t kv_heads = 0;        // of keys and values
  std::size_t head_dim = 0;        // of one head
  std::size_t rope_dims = 0;       // rotated dimensions of a head; even, at most head_dim
  std::size_t vocabulary = 0;      // rows of the embedding matrix
  std::size_t context_tokens = 0;  // the model was trained for
  std::size_t experts = 0;         // feed-forward blocks to choose from; 0: one, always used
  std::size_t experts_used = 0;    // chosen for each token; at most `experts`
  std::size_t expert_ffn = 0;      // inner width of one of them
  bool fused_gate = false;         // the feed-forward block's gate and up are one matrix
  float norm_epsilon = 0.0F;
  float rope_base = 0.0F;
  float rope_scale = 1.0F;              // multiplies positions: 1 / factor of linear scaling
  float yarn_factor = 0.0F;             // of YaRN's scaling (yarn.h); 0: none
  std::size_t yarn_context_tokens = 0;  // that it started from

  [[nodiscard]] std::size_t query_width() const { return heads * head_dim; }
  [[nodiscard]] std::size_t kv_width() const { return kv_heads * head_dim; }
};

/// Reads `<architecture>.*` as llama.cpp names it.
/// Errors: kCorrupt (missing, zero, absurd or contradicting values, each named), kUnsupported
/// (rope scaling other than linear and YaRN, keys and values of different width).
base::Result<Hyperparameters> read_hyperparameters(const gguf::File& file);

/// "llama.attention.head_count" from "attention.head_count".
std::string metadata_key(std::string_view architecture, std::string_view name);

}  // namespace nearside::model
