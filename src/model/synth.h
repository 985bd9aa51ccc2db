// Models with random weights and real shapes: for tests and benchmarks, where speed and arithmetic
// matter and sense does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/tensor_type.h"
#include "gguf/writer.h"

namespace nearside::model {

struct SynthShape {
  std::string_view name;
  std::string_view architecture;
  std::size_t layers = 1;
  std::size_t embedding = 0;
  std::size_t ffn = 0;
  std::size_t heads = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  std::size_t vocabulary = 0;
  std::size_t context_tokens = 0;
  float norm_epsilon = 1e-6F;
  float rope_base = 10'000.0F;
  bool rope_factors = false;      // Llama 3's rope_freqs.weight
  bool attention_biases = false;  // of query, key and value
  bool head_norms = false;
  bool post_norms = false;
  std::size_t window_tokens = 0;
  bool fused = false;   // query, key, value in one matrix; gate and up in one
  bool untied = false;  // an output matrix of its own
  // Granite's multipliers; 0: no such metadata.
  float embedding_scale = 0.0F;
  float residual_scale = 0.0F;
  float attention_scale = 0.0F;
  float logit_divisor = 0.0F;
  // Gemma 2's soft caps; 0: no such metadata.
  float attention_cap = 0.0F;
  float logit_cap = 0.0F;
  std::size_t experts = 0;  // 0: one feed-forward block
  std::size_t experts_used = 0;
  std::size_t expert_ffn = 0;
  /// gpt-oss: biases of attention's output, of routers and experts, sinks, and another name of a
  /// norm.
  bool expert_biases = false;
  float yarn_factor = 0.0F;  // 0: no such metadata
  std::size_t yarn_context_tokens = 0;
  /// Blocks of an encoder (bert): norms behind sums, learned positions, no gate, no output.
  bool encoder = false;
};

/// llama-3.2-1b, qwen2.5-0.5b, qwen3-0.6b, gemma-3-1b, smollm3-3b, granite-3.1-2b, phi-3-mini,
/// gemma-2-2b, qwen3-30b-a3b, all-minilm-l6, gpt-oss-20b.
[[nodiscard]] std::span<const SynthShape> synth_shapes();

struct SynthOptions {
  /// Of matrices; norms and biases are F32. Where a matrix's columns are no multiple of the type's
  /// block, that matrix is Q8_0.
  gguf::TensorType type = gguf::TensorType::kF16;
  std::uint64_t seed = 0;
};

/// Declares metadata and tensors in `out`, whose write() then makes them, one at a time. The
/// tokenizer is `vocabulary`'s, padded with unused tokens up to the shape's vocabulary; a larger
/// one widens the shape. Equal arguments give equal bytes; another type gives the same weights in
/// that type. Errors: kCorrupt (the vocabulary file has no tokens), kUnsupported (a type no kernel
/// writes).
base::Status synthesize(const SynthShape& shape, const SynthOptions& options,
                        const gguf::File& vocabulary, gguf::Writer& out);

/// The same for a LoRA adapter of that shape: both halves of every matrix of its blocks, in F32,
/// large enough to change what the model says. REQUIRES: no encoder, no experts; rank >= 1.
void synthesize_adapter(const SynthShape& shape, std::size_t rank, std::uint64_t seed,
                        gguf::Writer& out);

}  // namespace nearside::model
