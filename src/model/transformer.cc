#include "model/transformer.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "kernels/table.h"
#include "model/attention.h"
#include "model/parallel.h"

namespace nearside::model {

namespace {

/// Shapes: bias [width] or empty, y [width].
void add_bias(const std::vector<float>& bias, float* y, const kernels::Context& context) {
  if (!bias.empty()) context.table.add(y, bias.data(), bias.size(), y);
}

/// Moves the rows of `batch` that want logits to the front. Shape: rows [batch, width].
void move_wanted(const Batch& batch, std::size_t width, float* rows) {
  std::size_t to = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].wants_logits) continue;
    if (to != i) std::memcpy(rows + to * width, rows + i * width, width * sizeof(float));
    ++to;
  }
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
  score(run_blocks(batch, cache, context), logits, context);
}

void Transformer::states(const Batch& batch, KvCache& cache, std::span<float> states,
                         kernels::Context& context) {
  if (batch.empty()) return;
  CHECK(states.size() == logits_rows(batch) * shape_.embedding);
  norm_last(run_blocks(batch, cache, context).size(), states.data(), context);
}

const Batch& Transformer::run_blocks(const Batch& batch, KvCache& cache,
                                     kernels::Context& context) {
  work_.grow(shape_, batch.size(), weights_.ropes.size());
  adaptation_.begin(batch);
  embed(batch, context);
  const Batch* rows = &batch;
  for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
    project_and_store(i, batch, cache, context);
    if (i + 1 == weights_.layers.size()) rows = &keep_wanted(batch);
    if (rows->empty()) break;
    attention_block(i, *rows, cache, context);
    ffn_block(i, rows->size(), context);
  }
  return *rows;
}

const Batch& Transformer::keep_wanted(const Batch& batch) {
  wanted_.clear();
  for (const Row& row : batch)
    if (row.wants_logits) wanted_.push_back(row);
  if (wanted_.size() == batch.size()) return wanted_;
  move_wanted(batch, shape_.embedding, work_.state.data());
  move_wanted(batch, shape_.query_width(), work_.query.data());
  adaptation_.begin(wanted_);
  return wanted_;
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
    context.table.rms_norm(state, weights_.layers.front().attention_norm.data(), shape_.embedding,
                           shape_.norm_epsilon, work_.normed.data() + i * shape_.embedding);
    for (std::size_t r = 0; r < weights_.ropes.size(); ++r) {
      const std::size_t at = (r * batch.size() + i) * pairs;
      weights_.ropes[r].angles(row.position, work_.cosines.data() + at, work_.sines.data() + at);
    }
  });
}

void Transformer::project_and_store(std::size_t layer_index, const Batch& batch, KvCache& cache,
                                    kernels::Context& context) {
  const Layer& layer = weights_.layers[layer_index];
  const std::size_t rows = batch.size();
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
  rotate_and_store(layer_index, batch, cache, context);
}

void Transformer::attention_block(std::size_t layer_index, const Batch& batch, const KvCache& cache,
                                  kernels::Context& context) {
  const Layer& layer = weights_.layers[layer_index];
  const std::size_t rows = batch.size();
  const AttentionSettings settings{.layer = layer_index,
                                   .heads = shape_.heads,
                                   .scale = weights_.attention_scale,
                                   .window_tokens = layer.window_tokens,
                                   .score_cap = weights_.attention_cap,
                                   .sinks = layer.sinks.empty() ? nullptr : layer.sinks.data()};
  attend(settings, batch, cache, work_.query.data(), work_.attended.data(), work_.attention,
         context);
  kernels::matmul(layer.attention_output, work_.attended.data(), rows, work_.projected.data(),
                  context);
  adaptation_.add(layer_index, AdaptedMatrix::kAttentionOutput, work_.attended.data(),
                  work_.projected.data(), context);
  end_block(layer.attention_output_bias, layer.attention_post_norm, layer.ffn_norm, rows, context);
}

void Transformer::end_block(const std::vector<float>& bias, const std::vector<float>& post_norm,
                            const std::vector<float>& next_norm, std::size_t rows,
                            kernels::Context& context) {
  const std::size_t width = shape_.embedding;
  const kernels::Table& table = context.table;
  for_each_index(context.pool, rows, [&](std::size_t row, std::size_t) {
    float* const added = work_.projected.data() + row * width;
    float* const state = work_.state.data() + row * width;
    add_bias(bias, added, context);
    if (!post_norm.empty())
      table.rms_norm(added, post_norm.data(), width, shape_.norm_epsilon, added);
    table.add(state, added, width, state);
    if (!next_norm.empty())
      table.rms_norm(state, next_norm.data(), width, shape_.norm_epsilon,
                     work_.normed.data() + row * width);
  });
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
    float* const value = work_.value.data() + i * shape_.kv_width();
    add_bias(layer.query_bias, query, context);
    add_bias(layer.key_bias, key, context);
    add_bias(layer.value_bias, value, context);
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
  if (layer.experts.all.empty())
    gated_ffn(layer_index, rows, context);
  else
    expert_block_.compute(layer.experts, weights_.gate, work_.normed.data(), rows,
                          work_.projected.data(), context);
  const std::vector<float> none;  // behind the last block
  const bool last = layer_index + 1 == weights_.layers.size();
  end_block({}, layer.ffn_post_norm, last ? none : weights_.layers[layer_index + 1].attention_norm,
            rows, context);
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
  for_each_index(context.pool, rows, [&](std::size_t row, std::size_t) {
    apply_gate(weights_.gate, context.table, work_.gate.data() + row * shape_.ffn,
               work_.up.data() + row * shape_.ffn, shape_.ffn);
  });
  kernels::matmul(layer.ffn_down, work_.gate.data(), rows, work_.projected.data(), context);
  adapt(AdaptedMatrix::kFfnDown, work_.gate, work_.projected);
}

void Transformer::norm_last(std::size_t rows, float* out, kernels::Context& context) {
  const std::size_t width = shape_.embedding;
  for_each_index(context.pool, rows, [&](std::size_t row, std::size_t) {
    context.table.rms_norm(work_.state.data() + row * width, weights_.output_norm.data(), width,
                           shape_.norm_epsilon, out + row * width);
  });
}

void Transformer::score(const Batch& rows, std::span<float> logits, kernels::Context& context) {
  const std::size_t wanted = rows.size();
  if (wanted == 0) return;
  norm_last(wanted, work_.normed.data(), context);
  kernels::matmul(weights_.output, work_.normed.data(), wanted, logits.data(), context);
  adaptation_.add_to_output(rows, work_.normed.data(), logits.data(), context);
  if (weights_.logit_cap == 0.0F) return;
  const float cap = weights_.logit_cap;
  for_each_index(context.pool, wanted, [&](std::size_t row, std::size_t) {
    for (float& logit : logits.subspan(row * shape_.vocabulary, shape_.vocabulary))
      logit = cap * std::tanh(logit / cap);
  });
}

}  // namespace nearside::model
