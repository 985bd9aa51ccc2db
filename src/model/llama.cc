// Llama 1 to 3 and Mistral. Source: https://arxiv.org/abs/2302.13971, section 2.2; Llama 3's scaled
// rotation arrives as the tensor rope_freqs.weight.
//
// Mistral 7B v0.1 looks back on 4096 positions only; its files carry no key for that, and later
// versions dropped it. As llama.cpp does, every position is seen.
#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

base::Result<std::unique_ptr<Model>> build_llama(const gguf::File& /*file*/,
                                                 const Hyperparameters& shape,
                                                 TensorReader& tensors) {
  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  for (std::size_t i = 0; i < shape.layers; ++i)
    TRY(read_attention_biases(shape, tensors, i, weights.layers[i]));
  weights.ropes.push_back(TRY(read_rope(shape, tensors, RopeStyle::kInterleaved)));
  return finish(shape, std::move(weights), tensors);
}

}  // namespace nearside::model
