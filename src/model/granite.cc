// Granite 3: llama with four multipliers, of the embedding e, of what each block adds r, of
// attention and of the scores. Source: https://arxiv.org/abs/2408.13359, section 3 (the Power
// scheduler paper, maximal update parametrisation); names of the metadata as llama.cpp writes them.
//
// A state h that grows by r * f(norm(h)) is r times a state s that grows by f(norm(r s)), and
// norm(r s) with epsilon is norm(s) with epsilon / r^2. So r goes into the embedding's multiplier
// and the epsilon, and costs nothing. The scores' divisor goes into the last norm's weights.
#include <cmath>

#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

base::Result<std::unique_ptr<Model>> build_granite(const gguf::File& file,
                                                   const Hyperparameters& shape,
                                                   TensorReader& tensors) {
  const auto multiplier = [&](std::string_view name) -> base::Result<float> {
    const std::string key = metadata_key(shape.architecture, name);
    const double value = TRY(file.get_float_or(key, 1.0));
    if (!std::isfinite(value) || value <= 0.0 || value > 1e6)
      return base::fail(base::Code::kCorrupt, "metadata {} is {}, but must be a positive number",
                        key, value);
    return static_cast<float>(value);
  };
  const float residual = TRY(multiplier("residual_scale"));
  const float embedding = TRY(multiplier("embedding_scale"));
  const float logit_divisor = TRY(multiplier("logit_scale"));

  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  weights.ropes.push_back(TRY(read_rope(shape, tensors, RopeStyle::kInterleaved)));
  if (file.find(metadata_key(shape.architecture, "attention.scale")) != nullptr)
    weights.attention_scale = TRY(multiplier("attention.scale"));
  weights.embedding_scale = embedding / residual;
  for (float& weight : weights.output_norm) weight /= logit_divisor;
  Hyperparameters rescaled = shape;
  rescaled.norm_epsilon = shape.norm_epsilon / (residual * residual);
  return finish(rescaled, std::move(weights), tensors);
}

}  // namespace nearside::model
