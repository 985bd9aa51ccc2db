// gpt-oss: mixtures of experts with biases everywhere; every other layer looks back on a window
// only; each head has a sink, a score that takes weight and gives no value; rotation is rescaled
// for long contexts. Source: https://arxiv.org/abs/2508.10925, section 2, and
// https://arxiv.org/abs/2309.17453, section 3.2 (sinks).
#include "model/architectures.h"
#include "model/decoder_tensors.h"

namespace nearside::model {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t kFullAttentionEvery = 2;

/// The biases of a layer's router and experts. Shapes: [experts, rows of the matrix].
Status read_expert_biases(const Hyperparameters& shape, TensorReader& tensors, std::size_t i,
                          Experts& experts) {
  const auto name = [&](std::string_view tensor) { return layer_tensor(i, tensor); };
  experts.router_bias = TRY(tensors.vector(name("ffn_gate_inp.bias"), shape.experts));
  const std::vector<std::vector<float>> gates =
      TRY(tensors.vectors(name("ffn_gate_exps.bias"), shape.experts, shape.expert_ffn));
  const std::vector<std::vector<float>> ups =
      TRY(tensors.vectors(name("ffn_up_exps.bias"), shape.experts, shape.expert_ffn));
  const std::vector<std::vector<float>> downs =
      TRY(tensors.vectors(name("ffn_down_exps.bias"), shape.experts, shape.embedding));
  for (std::size_t e = 0; e < shape.experts; ++e) {
    experts.all[e].gate_bias = gates[e];
    experts.all[e].up_bias = ups[e];
    experts.all[e].down_bias = downs[e];
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Model>> build_gpt_oss(const gguf::File& file, const Hyperparameters& shape,
                                             TensorReader& tensors) {
  if (shape.experts == 0)
    return fail(Code::kCorrupt, "metadata {} is missing",
                metadata_key(shape.architecture, "expert_count"));
  const std::string window_key = metadata_key(shape.architecture, "attention.sliding_window");
  const std::uint64_t window_tokens = TRY(file.get_uint(window_key));
  if (window_tokens == 0) return fail(Code::kCorrupt, "metadata {} is 0", window_key);

  TransformerWeights weights = TRY(read_decoder(shape, tensors));
  for (std::size_t i = 0; i < shape.layers; ++i) {
    Layer& layer = weights.layers[i];
    TRY(read_attention_biases(shape, tensors, i, layer));
    layer.sinks = TRY(tensors.vector(layer_tensor(i, "attn_sinks.weight"), shape.heads));
    TRY(read_expert_biases(shape, tensors, i, layer.experts));
    const bool full = i % kFullAttentionEvery == kFullAttentionEvery - 1;
    layer.window_tokens = full ? 0 : static_cast<std::size_t>(window_tokens);
  }
  weights.gate = Gate::kClampedSwiglu;
  weights.ropes.push_back(TRY(read_rope(shape, tensors, RopeStyle::kHalves)));
  return finish(shape, std::move(weights), tensors);
}

}  // namespace nearside::model
