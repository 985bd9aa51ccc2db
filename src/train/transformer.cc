#include "train/transformer.h"

#include <algorithm>

namespace nearside::train {
namespace {

// Grows and never shrinks: shards differ a little in length, and a step should not allocate.
float* room(std::vector<float>& buffer, std::size_t count) {
  if (buffer.size() < count) buffer.resize(count);
  return buffer.data();
}

void pick_rows(const float* from, const std::vector<std::size_t>& rows, std::size_t width,
               float* to) {
  for (const std::size_t row : rows) to = std::copy_n(from + row * width, width, to);
}

// The inverse, in place: row i moves to rows[i], all others become zero.
void spread_rows(float* values, const std::vector<std::size_t>& rows, std::size_t width,
                 std::size_t row_count) {
  std::size_t end = row_count;
  for (std::size_t i = rows.size(); i-- > 0;) {
    // Ascending rows[i] >= i, so going backwards nothing is overwritten before it has moved.
    float* to = values + rows[i] * width;
    if (rows[i] != i) std::copy_n(values + i * width, width, to);
    std::fill(to + width, values + end * width, 0.0F);
    end = rows[i];
  }
  std::fill(values, values + end * width, 0.0F);
}

}  // namespace

Transformer::Transformer(const Layout& layout, const kernels::SgemmKernel& products)
    : layout_(layout),
      rope_(layout.shape.context, layout.shape.head_dim, layout.shape.rope_base),
      sgemm_(products),
      states_(layout.shape.layers) {}

void Transformer::linear(const float* x, const float* w, std::size_t tokens, std::size_t in,
                         std::size_t out, float* y, bool accumulate) {
  sgemm_.multiply(tokens, out, in, {x, in, 1}, {w, 1, in}, y, out, accumulate);
}

void Transformer::linear_backward(const float* x, const float* w, const float* d_y,
                                  std::size_t tokens, std::size_t in, std::size_t out, float* d_x,
                                  float* d_w) {
  sgemm_.multiply(tokens, in, out, {d_y, out, 1}, {w, in, 1}, d_x, in, false);
  sgemm_.multiply(out, in, tokens, {d_y, 1, out}, {x, in, 1}, d_w, in, false);
}

CrossEntropy Transformer::forward(const float* weights, const Shard& shard, float scale,
                                  bool* hit) {
  const ModelShape& shape = layout_.shape;
  const std::size_t tokens = shard.tokens.size();
  float* x = room(states_[0].input, tokens * shape.dim);
  for (std::size_t t = 0; t < tokens; ++t)
    std::copy_n(weights + layout_.embedding + static_cast<std::size_t>(shard.tokens[t]) * shape.dim,
                shape.dim, x + t * shape.dim);
  for (std::size_t i = 0; i + 1 < shape.layers; ++i) {
    LayerState& state = states_[i];
    forward_attention(weights, layout_.layers[i], shard, state);
    forward_rows(weights, layout_.layers[i], state.input.data(), state.attended.data(), tokens,
                 state, room(states_[i + 1].input, tokens * shape.dim));
  }
  LayerState& last = states_.back();
  forward_attention(weights, layout_.layers.back(), shard, last);
  const std::size_t count = shard.targets.size();
  float* picked = room(picked_, count * shape.dim);
  float* kept = room(last.kept, count * shape.q_dim());
  pick_rows(last.input.data(), shard.sources, shape.dim, picked);
  pick_rows(last.attended.data(), shard.sources, shape.q_dim(), kept);
  float* final_rows = room(final_, count * shape.dim);
  forward_rows(weights, layout_.layers.back(), picked, kept, count, last, final_rows);

  float* head_input = room(head_input_, count * shape.dim);
  rms_norm(final_rows, weights + layout_.output_norm, count, shape.dim, shape.norm_epsilon,
           head_input);
  float* logits = room(logits_, count * shape.vocabulary);
  linear(head_input, weights + layout_.output, count, shape.dim, shape.vocabulary, logits);
  return cross_entropy(logits, shard.targets.data(), count, shape.vocabulary, scale, hit);
}

void Transformer::forward_attention(const float* weights, const LayerOffsets& at,
                                    const Shard& shard, LayerState& state) {
  const ModelShape& shape = layout_.shape;
  const std::size_t tokens = shard.tokens.size();
  float* normed = room(state.normed, tokens * shape.dim);
  rms_norm(state.input.data(), weights + at.attention_norm, tokens, shape.dim, shape.norm_epsilon,
           normed);
  float* qkv = room(state.qkv, tokens * shape.qkv_dim());
  linear(normed, weights + at.qkv, tokens, shape.dim, shape.qkv_dim(), qkv);

  float* attended = room(state.attended, tokens * shape.q_dim());
  std::size_t probability_count = 0;
  for (std::size_t s = 0; s + 1 < shard.starts.size(); ++s) {
    const std::size_t n = shard.starts[s + 1] - shard.starts[s];
    probability_count += shape.heads * n * n;
  }
  float* probabilities = room(state.probabilities, probability_count);
  for (std::size_t s = 0; s + 1 < shard.starts.size(); ++s) {
    const std::size_t first = shard.starts[s];
    const std::size_t n = shard.starts[s + 1] - first;
    float* rows = qkv + first * shape.qkv_dim();
    // Queries and keys lie side by side, so one call turns both.
    for (std::size_t t = 0; t < n; ++t)
      rope_.turn(rows + t * shape.qkv_dim(), shape.heads + shape.kv_heads, t);
    attention({n, shape.heads, shape.kv_heads, shape.head_dim}, rows, probabilities,
              attended + first * shape.q_dim(), sgemm_);
    probabilities += shape.heads * n * n;
  }
}

void Transformer::forward_rows(const float* weights, const LayerOffsets& at, const float* x,
                               const float* attended, std::size_t rows, LayerState& state,
                               float* output) {
  const ModelShape& shape = layout_.shape;
  float* middle = room(state.middle, rows * shape.dim);
  std::copy_n(x, rows * shape.dim, middle);
  linear(attended, weights + at.attention_output, rows, shape.q_dim(), shape.dim, middle, true);
  float* ffn_normed = room(state.ffn_normed, rows * shape.dim);
  rms_norm(middle, weights + at.ffn_norm, rows, shape.dim, shape.norm_epsilon, ffn_normed);
  float* gate_up = room(state.gate_up, rows * 2 * shape.ffn_dim);
  linear(ffn_normed, weights + at.gate_up, rows, shape.dim, 2 * shape.ffn_dim, gate_up);
  float* activated = room(state.activated, rows * shape.ffn_dim);
  swiglu(gate_up, rows, shape.ffn_dim, activated);
  std::copy_n(middle, rows * shape.dim, output);
  linear(activated, weights + at.ffn_down, rows, shape.ffn_dim, shape.dim, output, true);
}

void Transformer::backward(const float* weights, const Shard& shard, float* gradient) {
  const ModelShape& shape = layout_.shape;
  const std::size_t tokens = shard.tokens.size();
  const std::size_t count = shard.targets.size();
  for (const Slot& slot : layout_.slots)  // products write their gradient; these are added to
    if (slot.is_gain) std::fill_n(gradient + slot.offset, slot.columns, 0.0F);
  if (!shape.tied_embeddings)
    std::fill_n(gradient + layout_.embedding, shape.vocabulary * shape.dim, 0.0F);

  float* d_head_input = room(d_a_, count * shape.dim);
  linear_backward(head_input_.data(), weights + layout_.output, logits_.data(), count, shape.dim,
                  shape.vocabulary, d_head_input, gradient + layout_.output);
  float* d_stream = room(d_stream_, tokens * shape.dim);
  std::fill_n(d_stream, count * shape.dim, 0.0F);
  rms_norm_backward(final_.data(), weights + layout_.output_norm, d_head_input, count, shape.dim,
                    shape.norm_epsilon, d_stream, gradient + layout_.output_norm);

  const LayerState& last = states_.back();
  backward_rows(weights, layout_.layers.back(), last.kept.data(), count, last, gradient);
  spread_rows(d_stream, shard.sources, shape.dim, tokens);
  spread_rows(room(d_a_, tokens * shape.q_dim()), shard.sources, shape.q_dim(), tokens);
  backward_attention(weights, layout_.layers.back(), shard, last, gradient);
  for (std::size_t i = shape.layers - 1; i-- > 0;) {
    backward_rows(weights, layout_.layers[i], states_[i].attended.data(), tokens, states_[i],
                  gradient);
    backward_attention(weights, layout_.layers[i], shard, states_[i], gradient);
  }

  for (std::size_t t = 0; t < tokens; ++t) {
    float* to =
        gradient + layout_.embedding + static_cast<std::size_t>(shard.tokens[t]) * shape.dim;
    for (std::size_t i = 0; i < shape.dim; ++i) to[i] += d_stream[t * shape.dim + i];
  }
}

void Transformer::backward_rows(const float* weights, const LayerOffsets& at, const float* attended,
                                std::size_t rows, const LayerState& state, float* gradient) {
  const ModelShape& shape = layout_.shape;
  // d_stream is the gradient by the output and, through the residual, part of that by the middle.
  float* d_stream = d_stream_.data();
  float* d_activated = room(d_a_, rows * shape.ffn_dim);
  linear_backward(state.activated.data(), weights + at.ffn_down, d_stream, rows, shape.ffn_dim,
                  shape.dim, d_activated, gradient + at.ffn_down);
  float* d_gate_up = room(d_b_, rows * 2 * shape.ffn_dim);
  swiglu_backward(state.gate_up.data(), d_activated, rows, shape.ffn_dim, d_gate_up);
  float* d_normed = room(d_c_, rows * shape.dim);
  linear_backward(state.ffn_normed.data(), weights + at.gate_up, d_gate_up, rows, shape.dim,
                  2 * shape.ffn_dim, d_normed, gradient + at.gate_up);
  rms_norm_backward(state.middle.data(), weights + at.ffn_norm, d_normed, rows, shape.dim,
                    shape.norm_epsilon, d_stream, gradient + at.ffn_norm);

  float* d_attended = room(d_a_, rows * shape.q_dim());
  linear_backward(attended, weights + at.attention_output, d_stream, rows, shape.q_dim(), shape.dim,
                  d_attended, gradient + at.attention_output);
}

void Transformer::backward_attention(const float* weights, const LayerOffsets& at,
                                     const Shard& shard, const LayerState& state, float* gradient) {
  const ModelShape& shape = layout_.shape;
  const std::size_t tokens = shard.tokens.size();
  float* d_stream = d_stream_.data();
  const float* d_attended = d_a_.data();
  float* d_qkv = room(d_b_, tokens * shape.qkv_dim());
  const float* probabilities = state.probabilities.data();
  for (std::size_t s = 0; s + 1 < shard.starts.size(); ++s) {
    const std::size_t first = shard.starts[s];
    const std::size_t n = shard.starts[s + 1] - first;
    float* d_rows = d_qkv + first * shape.qkv_dim();
    attention_backward({n, shape.heads, shape.kv_heads, shape.head_dim},
                       state.qkv.data() + first * shape.qkv_dim(), probabilities,
                       d_attended + first * shape.q_dim(), d_rows, room(scratch_, n * n), sgemm_);
    for (std::size_t t = 0; t < n; ++t)
      rope_.turn_back(d_rows + t * shape.qkv_dim(), shape.heads + shape.kv_heads, t);
    probabilities += shape.heads * n * n;
  }
  float* d_normed = room(d_c_, tokens * shape.dim);
  linear_backward(state.normed.data(), weights + at.qkv, d_qkv, tokens, shape.dim, shape.qkv_dim(),
                  d_normed, gradient + at.qkv);
  rms_norm_backward(state.input.data(), weights + at.attention_norm, d_normed, tokens, shape.dim,
                    shape.norm_epsilon, d_stream, gradient + at.attention_norm);
}

}  // namespace nearside::train
