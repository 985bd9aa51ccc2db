#include "model/decoder_tensors.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "model/yarn.h"

namespace nearside::model {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

std::string layer_tensor(std::size_t layer, std::string_view name) {
  return fmt::format("blk.{}.{}", layer, name);
}

namespace {

Result<Experts> read_layer_experts(const Hyperparameters& shape, TensorReader& tensors,
                                   std::size_t i) {
  const auto name = [&](std::string_view tensor) { return layer_tensor(i, tensor); };
  Experts out;
  out.used = shape.experts_used;
  out.router = TRY(tensors.matrix(name("ffn_gate_inp.weight"), shape.experts, shape.embedding));
  std::vector<kernels::Weights> gates = TRY(tensors.stack(
      name("ffn_gate_exps.weight"), shape.experts, shape.expert_ffn, shape.embedding));
  std::vector<kernels::Weights> ups = TRY(
      tensors.stack(name("ffn_up_exps.weight"), shape.experts, shape.expert_ffn, shape.embedding));
  std::vector<kernels::Weights> downs = TRY(tensors.stack(
      name("ffn_down_exps.weight"), shape.experts, shape.embedding, shape.expert_ffn));
  for (std::size_t e = 0; e < shape.experts; ++e)
    out.all.push_back({std::move(gates[e]), std::move(ups[e]), std::move(downs[e])});
  return out;
}

Result<Layer> read_layer(const Hyperparameters& shape, TensorReader& tensors, std::size_t i) {
  const auto name = [&](std::string_view tensor) { return layer_tensor(i, tensor); };
  Layer layer;
  layer.attention_norm = TRY(tensors.vector(name("attn_norm.weight"), shape.embedding));
  if (tensors.has(name("attn_qkv.weight"))) {  // one matrix, one above the other
    const std::vector<std::size_t> rows = {shape.query_width(), shape.kv_width(), shape.kv_width()};
    std::vector<kernels::Weights> parts =
        TRY(tensors.matrices(name("attn_qkv.weight"), rows, shape.embedding));
    layer.query = std::move(parts[0]);
    layer.key = std::move(parts[1]);
    layer.value = std::move(parts[2]);
  } else {
    layer.query = TRY(tensors.matrix(name("attn_q.weight"), shape.query_width(), shape.embedding));
    layer.key = TRY(tensors.matrix(name("attn_k.weight"), shape.kv_width(), shape.embedding));
    layer.value = TRY(tensors.matrix(name("attn_v.weight"), shape.kv_width(), shape.embedding));
  }
  layer.attention_output =
      TRY(tensors.matrix(name("attn_output.weight"), shape.embedding, shape.query_width()));
  // gpt-oss files call it by its place.
  layer.ffn_norm = TRY(tensors.vector(
      name(shape.architecture == "gpt-oss" ? "post_attention_norm.weight" : "ffn_norm.weight"),
      shape.embedding));
  if (shape.experts > 0) {
    layer.experts = TRY(read_layer_experts(shape, tensors, i));
    return layer;
  }
  if (tensors.has(name("ffn_gate.weight"))) {
    layer.ffn_gate = TRY(tensors.matrix(name("ffn_gate.weight"), shape.ffn, shape.embedding));
    layer.ffn_up = TRY(tensors.matrix(name("ffn_up.weight"), shape.ffn, shape.embedding));
  } else {  // the gate above, in one matrix
    std::vector<kernels::Weights> parts =
        TRY(tensors.matrices(name("ffn_up.weight"), {shape.ffn, shape.ffn}, shape.embedding));
    layer.ffn_gate = std::move(parts[0]);
    layer.ffn_up = std::move(parts[1]);
  }
  layer.ffn_down = TRY(tensors.matrix(name("ffn_down.weight"), shape.embedding, shape.ffn));
  return layer;
}

/// Of experts that a token does not choose.
std::size_t idle_expert_bytes(const std::vector<Layer>& layers) {
  const auto bytes_of = [](const kernels::Weights& matrix) {
    return gguf::tensor_bytes(matrix.view().type, matrix.rows() * matrix.columns());
  };
  std::size_t bytes = 0;
  for (const Layer& layer : layers) {
    const Expert& one = layer.experts.all.front();
    bytes += (layer.experts.all.size() - layer.experts.used) *
             (bytes_of(one.gate) + bytes_of(one.up) + bytes_of(one.down));
  }
  return bytes;
}

}  // namespace

Result<TransformerWeights> read_decoder(const Hyperparameters& shape, TensorReader& tensors) {
  TransformerWeights weights;
  weights.embedding = TRY(tensors.rows("token_embd.weight", shape.vocabulary, shape.embedding));
  if (tensors.has("output.weight")) weights.idle_bytes = tensors.bytes();
  weights.output = tensors.has("output.weight")
                       ? TRY(tensors.matrix("output.weight", shape.vocabulary, shape.embedding))
                       : weights.embedding;
  weights.output_norm = TRY(tensors.vector("output_norm.weight", shape.embedding));
  for (std::size_t i = 0; i < shape.layers; ++i)
    weights.layers.push_back(TRY(read_layer(shape, tensors, i)));
  if (shape.experts > 0) weights.idle_bytes += idle_expert_bytes(weights.layers);
  weights.attention_scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
  return weights;
}

Status read_head_norms(const Hyperparameters& shape, TensorReader& tensors, std::size_t layer_index,
                       Layer& layer) {
  layer.query_norm =
      TRY(tensors.vector(layer_tensor(layer_index, "attn_q_norm.weight"), shape.head_dim));
  layer.key_norm =
      TRY(tensors.vector(layer_tensor(layer_index, "attn_k_norm.weight"), shape.head_dim));
  return {};
}

Status read_post_norms(const Hyperparameters& shape, TensorReader& tensors, std::size_t layer_index,
                       Layer& layer) {
  layer.attention_post_norm =
      TRY(tensors.vector(layer_tensor(layer_index, "post_attention_norm.weight"), shape.embedding));
  layer.ffn_post_norm =
      TRY(tensors.vector(layer_tensor(layer_index, "post_ffw_norm.weight"), shape.embedding));
  return {};
}

Status read_attention_biases(const Hyperparameters& shape, TensorReader& tensors,
                             std::size_t layer_index, Layer& layer) {
  const auto bias = [&](std::string_view name, std::size_t size) {
    return tensors.vector_or_empty(layer_tensor(layer_index, name), size);
  };
  layer.query_bias = TRY(bias("attn_q.bias", shape.query_width()));
  layer.key_bias = TRY(bias("attn_k.bias", shape.kv_width()));
  layer.value_bias = TRY(bias("attn_v.bias", shape.kv_width()));
  layer.attention_output_bias = TRY(bias("attn_output.bias", shape.embedding));
  return {};
}

Result<Rope> read_rope(const Hyperparameters& shape, TensorReader& tensors, RopeStyle style) {
  RopeSettings settings{.style = style,
                        .dims = shape.rope_dims,
                        .base = shape.rope_base,
                        .scale = shape.rope_scale,
                        .frequency_factors = {}};
  settings.frequency_factors =
      TRY(tensors.vector_or_empty("rope_freqs.weight", shape.rope_dims / 2));
  if (shape.yarn_factor != 0.0F) {
    if (!settings.frequency_factors.empty())
      return fail(Code::kUnsupported, "rope_freqs.weight with rope scaling \"yarn\"");
    settings.frequency_factors =
        yarn_frequency_factors({.dims = shape.rope_dims,
                                .base = shape.rope_base,
                                .factor = shape.yarn_factor,
                                .original_context_tokens = shape.yarn_context_tokens});
  }
  for (const float factor : settings.frequency_factors)
    if (!(std::isfinite(factor) && factor > 0.0F))
      return fail(Code::kCorrupt, "tensor rope_freqs.weight holds {}, but divides frequencies",
                  factor);
  return Rope(settings);
}

std::unique_ptr<Model> finish(const Hyperparameters& shape, TransformerWeights weights,
                              const TensorReader& tensors) {
  weights.bytes = tensors.bytes();
  weights.parameters = tensors.parameters();
  if (shape.yarn_factor != 0.0F) {  // of queries and of keys
    const float magnitude = yarn_magnitude(shape.yarn_factor);
    weights.attention_scale *= magnitude * magnitude;
  }
  return std::make_unique<Transformer>(shape, std::move(weights));
}

}  // namespace nearside::model
