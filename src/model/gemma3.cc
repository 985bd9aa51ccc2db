// Gemma 3 (text): five layers of six look back on a window only and rotate with a base of their
// own; norms before and after each block; query and key normalised. Source:
// https://arxiv.org/abs/2503.19786, section 2. Norm weights in GGUF files already hold 1 + w.
#include <cmath>

#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

using base::Code;
using base::fail;

namespace {

constexpr std::size_t kFullAttentionEvery = 6;
constexpr float kWindowRopeBase = 10'000.0F;
constexpr std::size_t kFullRope = 0;
constexpr std::size_t kWindowRope = 1;
// The 27B model alone scales queries by its embedding per head instead of the head's width; files
// do not say so, its depth gives it away (as in llama.cpp).
constexpr std::size_t kLayersOf27B = 62;

base::Status read_layer_extras(const Hyperparameters& shape, TensorReader& tensors, std::size_t i,
                               std::size_t window_tokens, Layer& layer) {
  TRY(read_head_norms(shape, tensors, i, layer));
  TRY(read_post_norms(shape, tensors, i, layer));
  const bool full = i % kFullAttentionEvery == kFullAttentionEvery - 1;
  layer.rope = full ? kFullRope : kWindowRope;
  layer.window_tokens = full ? 0 : window_tokens;
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Model>> build_gemma3(const gguf::File& file,
                                                  const Hyperparameters& shape,
                                                  TensorReader& tensors) {
  const std::string window_key = metadata_key(shape.architecture, "attention.sliding_window");
  const std::uint64_t window_tokens = TRY(file.get_uint(window_key));
  if (window_tokens == 0) return fail(Code::kCorrupt, "metadata {} is 0", window_key);
  const std::string cap_key = metadata_key(shape.architecture, "final_logit_softcapping");
  if (TRY(file.get_float_or(cap_key, 0.0)) != 0.0)
    return fail(Code::kUnsupported, "metadata {} is set: capped logits are not supported", cap_key);

  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  for (std::size_t i = 0; i < shape.layers; ++i)
    TRY(read_layer_extras(shape, tensors, i, static_cast<std::size_t>(window_tokens),
                          weights.layers[i]));
  weights.gate = Gate::kGeluTanh;
  weights.embedding_scale = std::sqrt(static_cast<float>(shape.embedding));
  if (shape.layers == kLayersOf27B)
    weights.attention_scale =
        1.0F / std::sqrt(static_cast<float>(shape.embedding) / static_cast<float>(shape.heads));

  weights.ropes.resize(2);
  weights.ropes[kFullRope] = TRY(read_rope(shape, tensors, RopeStyle::kHalves));
  weights.ropes[kWindowRope] = Rope({.style = RopeStyle::kHalves,
                                     .dims = shape.rope_dims,
                                     .base = kWindowRopeBase,
                                     .scale = 1.0F,
                                     .frequency_factors = {}});
  return finish(shape, std::move(weights), tensors);
}

}  // namespace nearside::model
