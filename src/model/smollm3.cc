// SmolLM3: llama, but every fourth block does not rotate queries and keys, so that it sees what is
// said and not where. Source: https://arxiv.org/abs/2501.18795 (RNoPE), as the model's card names
// it; files do not say which blocks, all published models have every fourth.
#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

namespace {
constexpr std::size_t kUnrotatedEvery = 4;
}

base::Result<std::unique_ptr<Model>> build_smollm3(const gguf::File& /*file*/,
                                                   const Hyperparameters& shape,
                                                   TensorReader& tensors) {
  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  weights.ropes.push_back(TRY(read_rope(shape, tensors, RopeStyle::kInterleaved)));
  weights.ropes.emplace_back();  // turns nothing
  for (std::size_t i = kUnrotatedEvery - 1; i < shape.layers; i += kUnrotatedEvery)
    weights.layers[i].rope = 1;
  return finish(shape, std::move(weights), tensors);
}

}  // namespace nearside::model
