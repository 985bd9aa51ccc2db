// Gemma 2: every other layer looks back on a window only; norms before and after each block; scores
// of attention and of the vocabulary are capped softly. Source: https://arxiv.org/abs/2408.00118,
// section 2. Norm weights in GGUF files already hold 1 + w.
#include <cmath>

#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kFullAttentionEvery = 2;
// The 27B model alone scales queries by its embedding per head instead of the head's width; files
// do not say so, its depth gives it away (as in llama.cpp).
constexpr std::size_t kLayersOf27B = 46;

/// Where a file is silent, the paper's value (as in llama.cpp).
Result<float> read_cap(const gguf::File& file, const Hyperparameters& shape, std::string_view name,
                       double otherwise) {
  const std::string key = metadata_key(shape.architecture, name);
  const double cap = TRY(file.get_float_or(key, otherwise));
  if (!std::isfinite(cap) || cap <= 0.0 || cap > 1e6)
    return fail(Code::kCorrupt, "metadata {} is {}, but must be a positive number", key, cap);
  return static_cast<float>(cap);
}

}  // namespace

Result<std::unique_ptr<Model>> build_gemma2(const gguf::File& file, const Hyperparameters& shape,
                                            TensorReader& tensors) {
  const std::string window_key = metadata_key(shape.architecture, "attention.sliding_window");
  const std::uint64_t window_tokens = TRY(file.get_uint_or(window_key, 4096));
  if (window_tokens == 0) return fail(Code::kCorrupt, "metadata {} is 0", window_key);

  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  for (std::size_t i = 0; i < shape.layers; ++i) {
    Layer& layer = weights.layers[i];
    TRY(read_post_norms(shape, tensors, i, layer));
    const bool full = i % kFullAttentionEvery == kFullAttentionEvery - 1;
    layer.window_tokens = full ? 0 : static_cast<std::size_t>(window_tokens);
  }
  weights.gate = Gate::kGeluTanh;
  weights.embedding_scale = std::sqrt(static_cast<float>(shape.embedding));
  weights.attention_cap = TRY(read_cap(file, shape, "attn_logit_softcapping", 50.0));
  weights.logit_cap = TRY(read_cap(file, shape, "final_logit_softcapping", 30.0));
  if (shape.layers == kLayersOf27B)
    weights.attention_scale =
        1.0F / std::sqrt(static_cast<float>(shape.embedding) / static_cast<float>(shape.heads));
  weights.ropes.push_back(TRY(read_rope(shape, tensors, RopeStyle::kHalves)));
  return finish(shape, std::move(weights), tensors);
}

}  // namespace nearside::model
