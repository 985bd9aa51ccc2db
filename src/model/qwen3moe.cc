// Qwen 3, mixture of experts: qwen3 whose feed-forward blocks are chosen from many for each token.
// Source: https://arxiv.org/abs/2505.09388, section 2.
#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

base::Result<std::unique_ptr<Model>> build_qwen3moe(const gguf::File& /*file*/,
                                                    const Hyperparameters& shape,
                                                    TensorReader& tensors) {
  if (shape.experts == 0)
    return base::fail(base::Code::kCorrupt, "metadata {} is missing",
                      metadata_key(shape.architecture, "expert_count"));
  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  for (std::size_t i = 0; i < shape.layers; ++i)
    TRY(read_head_norms(shape, tensors, i, weights.layers[i]));
  weights.ropes.push_back(TRY(read_rope(shape, tensors, RopeStyle::kHalves)));
  return finish(shape, std::move(weights), tensors);
}

}  // namespace nearside::model
