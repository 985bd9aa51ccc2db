// Qwen 2 and 2.5: llama's blocks with biases on query, key and value, and rotation of half against
// half. Source: https://arxiv.org/abs/2407.10671, section 2.2.
#include <fmt/format.h>

#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

base::Result<std::unique_ptr<Model>> build_qwen2(const gguf::File& /*file*/,
                                                 const Hyperparameters& shape,
                                                 TensorReader& tensors) {
  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  for (std::size_t i = 0; i < shape.layers; ++i) {
    Layer& layer = weights.layers[i];
    TRY(read_attention_biases(shape, tensors, i, layer));
    if (layer.query_bias.empty() || layer.key_bias.empty() || layer.value_bias.empty())
      return base::fail(base::Code::kCorrupt,
                        "layer {} lacks a bias of attention (blk.{}.attn_q.bias, attn_k, attn_v), "
                        "which every qwen2 model has",
                        i, i);
  }
  weights.ropes.push_back(TRY(read_rope(shape, tensors, RopeStyle::kHalves)));
  return finish(shape, std::move(weights), tensors);
}

}  // namespace nearside::model
