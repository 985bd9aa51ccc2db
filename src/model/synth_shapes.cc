// The shapes `model synth` knows. Source: config.json of the models on Hugging Face
// (meta-llama/Llama-3.2-1B, Qwen/Qwen2.5-0.5B, Qwen/Qwen3-0.6B, google/gemma-3-1b-pt).
#include "model/synth.h"

namespace nearside::model {

namespace {

constexpr SynthShape kShapes[] = {
    {.name = "llama-3.2-1b",
     .architecture = "llama",
     .layers = 16,
     .embedding = 2048,
     .ffn = 8192,
     .heads = 32,
     .kv_heads = 8,
     .head_dim = 64,
     .vocabulary = 128'256,
     .context_tokens = 131'072,
     .norm_epsilon = 1e-5F,
     .rope_base = 500'000.0F,
     .rope_factors = true},
    {.name = "qwen2.5-0.5b",
     .architecture = "qwen2",
     .layers = 24,
     .embedding = 896,
     .ffn = 4864,
     .heads = 14,
     .kv_heads = 2,
     .head_dim = 64,
     .vocabulary = 151'936,
     .context_tokens = 32'768,
     .rope_base = 1'000'000.0F,
     .attention_biases = true},
    {.name = "qwen3-0.6b",
     .architecture = "qwen3",
     .layers = 28,
     .embedding = 1024,
     .ffn = 3072,
     .heads = 16,
     .kv_heads = 8,
     .head_dim = 128,
     .vocabulary = 151'936,
     .context_tokens = 40'960,
     .rope_base = 1'000'000.0F,
     .head_norms = true},
    {.name = "gemma-3-1b",
     .architecture = "gemma3",
     .layers = 26,
     .embedding = 1152,
     .ffn = 6912,
     .heads = 4,
     .kv_heads = 1,
     .head_dim = 256,
     .vocabulary = 262'144,
     .context_tokens = 32'768,
     .rope_base = 1'000'000.0F,
     .head_norms = true,
     .post_norms = true,
     .window_tokens = 512},
};

}  // namespace

std::span<const SynthShape> synth_shapes() { return kShapes; }

}  // namespace nearside::model
