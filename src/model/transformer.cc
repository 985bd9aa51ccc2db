#include "model/transformer.h"

#include <cmath>
#include <utility>

#include "base/check.h"
#include "kernels/table.h"
#include "model/attention.h"
#include "model/parallel.h"

namespace nearside::model {

namespace {

/// Shapes: bias [width] or empty, y [rows, width].
void add_bias(const std::vector<float>& bias, std::size_t rows, float* y,
              const kernels::Context& context) {
  if (bias.empty()) return;
  for (std::size_t row = 0; row < rows; ++row)
    context.table.add(y + row * bias.size(), bias.data(), bias.size(), y + row * bias.size());
}

/// Shapes: x, out [rows, width].
void norm_rows(const std::vector<float>& weight, float epsilon, const float* x, std::size_t rows,
               float* out, kernels::Context& context) {
  const std::size_t width = weight.size();
  for_each_index(context.pool, rows, [&](std::size_t row, std::size_t) {
    context.table.rms_norm(x + row * width, weight.data(), width, epsilon, out + row * width);
  });
}

void add_rows(const float* x, std::size_t rows, std::size_t width, float* state,
              kernels::Context& context) {
  for_each_index(context.pool, rows, [&](std::size_t row, std::size_t) {
    context.table.add(state + row * width, x + row * width, width, state + row * width);
  });
}

auto gate_of(Gate gate, const kernels::Context& context) {
  return gate == Gate::kSilu ? context.table.silu_mul : context.table.gelu_mul;
}

}  // namespace

Transformer::Transformer(Hyperparameters shape, TransformerWeights weights)
    : shape_(std::move(shape)), weights_(std::move(weights)) {
  CHECK(weights_.layers.size() == shape_.layers);
}

void Transformer::forward(const Batch& batch, KvCache& cache, std::span<float> logits,
                          kernels::Context& context) {
  if (batch.empty()) return;
  CHECK(logits.size() == logits_rows(batch) * shape_.vocabulary);
  run_blocks(batch, cache, context);
  score(batch, logits, context);
}

void Transformer::states(const Batch& batch, KvCache& cache, std::span<float> states,
                         kernels::Context& context) {
  if (batch.empty()) return;
  CHECK(states.size() == logits_rows(batch) * shape_.embedding);
  run_blocks(batch, cache, context);
  norm_wanted(batch, states.data(), context);
}

void Transformer::run_blocks(const Batch& batch, KvCache& cache, kernels::Context& context) {
  work_.grow(shape_, batch.size(), weights_.ropes.size());
  adaptation_.begin(batch);
  embed(batch, context);
  for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
    attention_block(i, batch, cache, context);
    ffn_block(i, batch.size(), context);
  }
}

void Transformer::embed(const Batch& batch, kernels::Context& context) {
  const std::size_t pairs = shape_.rope_dims / 2;
  for_each_index(context.pool, batch.size(), [&](std::size_t i, std::size_t) {
    const Row& row = batch[i];
    CHECK(row.token >= 0 && static_cast<std::size_t>(row.token) < shape_.vocabulary);
    float* const state = work_.state.data() + i * shape_.embedding;
    kernels::dequantize_row(weights_.embedding.view(), static_cast<std::size_t>(row.token), state);
    if (weights_.embedding_scale != 1.0F)
      context.table.scale(state, shape_.embedding, weights_.embedding_scale);
    for (std::size_t r = 0; r < weights_.ropes.size(); ++r) {
      const std::size_t at = (r * batch.size() + i) * pairs;
      weights_.ropes[r].angles(row.position, work_.cosines.data() + at, work_.sines.data() + at);
    }
  });
}

void Transformer::attention_block(std::size_t layer_index, const Batch& batch, KvCache& cache,
                                  kernels::Context& context) {
  const Layer& layer = weights_.layers[layer_index];
  const std::size_t rows = batch.size();
  norm_rows(layer.attention_norm, shape_.norm_epsilon, work_.state.data(), rows,
            work_.normed.data(), context);
  const kernels::Target inputs[] = {{&layer.query, work_.query.data()},
                                    {&layer.key, work_.key.data()},
                                    {&layer.value, work_.value.data()}};
  kernels::matmul(inputs, work_.normed.data(), rows, context);
  const auto adapt = [&](AdaptedMatrix matrix, const std::vector<float>& x, std::vector<float>& y) {
    adaptation_.add(layer_index, matrix, x.data(), y.data(), context);
  };
  adapt(AdaptedMatrix::kQuery, work_.normed, work_.query);
  adapt(AdaptedMatrix::kKey, work_.normed, work_.key);
  adapt(AdaptedMatrix::kValue, work_.normed, work_.value);
  add_bias(layer.query_bias, rows, work_.query.data(), context);
  add_bias(layer.key_bias, rows, work_.key.data(), context);
  add_bias(layer.value_bias, rows, work_.value.data(), context);
  rotate_and_store(layer_index, batch, cache, context);

  const AttentionSettings settings{.layer = layer_index,
                                   .heads = shape_.heads,
                                   .scale = weights_.attention_scale,
                                   .window_tokens = layer.window_tokens,
                                   .score_cap = weights_.attention_cap};
  attend(settings, batch, cache, work_.query.data(), work_.attended.data(), work_.attention,
         context);
  kernels::matmul(layer.attention_output, work_.attended.data(), rows, work_.projected.data(),
                  context);
  adapt(AdaptedMatrix::kAttentionOutput, work_.attended, work_.projected);
  add_bias(layer.attention_output_bias, rows, work_.projected.data(), context);
  if (!layer.attention_post_norm.empty())
    norm_rows(layer.attention_post_norm, shape_.norm_epsilon, work_.projected.data(), rows,
              work_.projected.data(), context);
  add_rows(work_.projected.data(), rows, shape_.embedding, work_.state.data(), context);
}

void Transformer::rotate_and_store(std::size_t layer_index, const Batch& batch, KvCache& cache,
                                   kernels::Context& context) {
  const Layer& layer = weights_.layers[layer_index];
  const Rope& rope = weights_.ropes[layer.rope];
  const std::size_t pairs = shape_.rope_dims / 2;
  const std::size_t head_dim = shape_.head_dim;
  const kernels::Table& table = context.table;

  const auto norm_and_turn = [&](const std::vector<float>& norm, const float* cosines,
                                 const float* sines, float* head) {
    if (!norm.empty()) table.rms_norm(head, norm.data(), head_dim, shape_.norm_epsilon, head);
    rope.rotate(table, cosines, sines, head);
  };
  for_each_index(context.pool, batch.size(), [&](std::size_t i, std::size_t) {
    const Row& row = batch[i];
    const std::size_t angles_at = (layer.rope * batch.size() + i) * pairs;
    const float* const cosines = work_.cosines.data() + angles_at;
    const float* const sines = work_.sines.data() + angles_at;
    float* const query = work_.query.data() + i * shape_.query_width();
    float* const key = work_.key.data() + i * shape_.kv_width();
    const float* const value = work_.value.data() + i * shape_.kv_width();
    for (std::size_t head = 0; head < shape_.heads; ++head)
      norm_and_turn(layer.query_norm, cosines, sines, query + head * head_dim);
    for (std::size_t head = 0; head < shape_.kv_heads; ++head) {
      norm_and_turn(layer.key_norm, cosines, sines, key + head * head_dim);
      cache.store(layer_index, row.sequence, row.position, head,
                  {.key = key + head * head_dim, .value = value + head * head_dim}, table);
    }
  });
}

void Transformer::ffn_block(std::size_t layer_index, std::size_t rows, kernels::Context& context) {
  const Layer& layer = weights_.layers[layer_index];
  norm_rows(layer.ffn_norm, shape_.norm_epsilon, work_.state.data(), rows, work_.normed.data(),
            context);
  if (layer.experts.all.empty())
    gated_ffn(layer_index, rows, context);
  else
    expert_block_.compute(layer.experts, work_.normed.data(), rows, gate_of(weights_.gate, context),
                          work_.projected.data(), context);
  if (!layer.ffn_post_norm.empty())
    norm_rows(layer.ffn_post_norm, shape_.norm_epsilon, work_.projected.data(), rows,
              work_.projected.data(), context);
  add_rows(work_.projected.data(), rows, shape_.embedding, work_.state.data(), context);
}

void Transformer::gated_ffn(std::size_t layer_index, std::size_t rows, kernels::Context& context) {
  const Layer& layer = weights_.layers[layer_index];
  const kernels::Target inner[] = {{&layer.ffn_gate, work_.gate.data()},
                                   {&layer.ffn_up, work_.up.data()}};
  kernels::matmul(inner, work_.normed.data(), rows, context);
  const auto adapt = [&](AdaptedMatrix matrix, const std::vector<float>& x, std::vector<float>& y) {
    adaptation_.add(layer_index, matrix, x.data(), y.data(), context);
  };
  adapt(AdaptedMatrix::kFfnGate, work_.normed, work_.gate);
  adapt(AdaptedMatrix::kFfnUp, work_.normed, work_.up);
  const auto gate_mul = gate_of(weights_.gate, context);
  for_each_index(context.pool, rows, [&](std::size_t row, std::size_t) {
    float* const gate = work_.gate.data() + row * shape_.ffn;
    gate_mul(gate, work_.up.data() + row * shape_.ffn, shape_.ffn, gate);
  });
  kernels::matmul(layer.ffn_down, work_.gate.data(), rows, work_.projected.data(), context);
  adapt(AdaptedMatrix::kFfnDown, work_.gate, work_.projected);
}

std::size_t Transformer::norm_wanted(const Batch& batch, float* out, kernels::Context& context) {
  const std::size_t width = shape_.embedding;
  std::size_t wanted = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].wants_logits) continue;
    context.table.rms_norm(work_.state.data() + i * width, weights_.output_norm.data(), width,
                           shape_.norm_epsilon, out + wanted * width);
    ++wanted;
  }
  return wanted;
}

void Transformer::score(const Batch& batch, std::span<float> logits, kernels::Context& context) {
  const std::size_t wanted = norm_wanted(batch, work_.normed.data(), context);
  if (wanted == 0) return;
  kernels::matmul(weights_.output, work_.normed.data(), wanted, logits.data(), context);
  adaptation_.add_to_output(batch, work_.normed.data(), logits.data(), context);
  if (weights_.logit_cap == 0.0F) return;
  const float cap = weights_.logit_cap;
  for_each_index(context.pool, wanted, [&](std::size_t row, std::size_t) {
    for (float& logit : logits.subspan(row * shape_.vocabulary, shape_.vocabulary))
      logit = cap * std::tanh(logit / cap);
  });
}

}  // namespace nearside::model
