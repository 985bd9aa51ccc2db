// Qwen 3: no biases; instead each head's query and key is normalised before rotation.
// Source: https://arxiv.org/abs/2505.09388, section 2.
#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

base::Result<std::unique_ptr<Model>> build_qwen3(const gguf::File& /*file*/,
                                                 const Hyperparameters& shape,
                                                 TensorReader& tensors) {
  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  for (std::size_t i = 0; i < shape.layers; ++i)
    TRY(read_head_norms(shape, tensors, i, weights.layers[i]));
  weights.ropes.push_back(TRY(read_rope(shape, tensors, RopeStyle::kHalves)));
  return finish(shape, std::move(weights), tensors);
}

}  // namespace nearside::model
