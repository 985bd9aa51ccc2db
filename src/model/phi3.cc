// Phi 3 (mini, 4k): llama with halves that rotate together, and with query, key and value in one
// matrix, gate and up in another. Source: https://arxiv.org/abs/2404.14219, section 2.
//
// The variants with a longer context rescale rotation by two lists of factors, chosen by how long a
// conversation is; they are refused.
#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

base::Result<std::unique_ptr<Model>> build_phi3(const gguf::File& file,
                                                const Hyperparameters& shape,
                                                TensorReader& tensors) {
  for (const char* factors : {"rope_factors_long.weight", "rope_factors_short.weight"})
    if (tensors.has(factors))
      return base::fail(
          base::Code::kUnsupported,
          "tensor {}: phi3 with a rescaled context is not supported; use the 4k model", factors);
  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  const std::uint64_t window_tokens =
      TRY(file.get_uint_or(metadata_key(shape.architecture, "attention.sliding_window"), 0));
  for (Layer& layer : weights.layers) layer.window_tokens = static_cast<std::size_t>(window_tokens);
  weights.ropes.push_back(TRY(read_rope(shape, tensors, RopeStyle::kHalves)));
  return finish(shape, std::move(weights), tensors);
}

}  // namespace nearside::model
