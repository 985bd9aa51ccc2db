// A llama model's forward and backward pass over one part of a batch, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/sgemm.h"
#include "train/layout.h"
#include "train/ops.h"

namespace nearside::train {

/// Sequences laid end to end without padding, and the places where a token is to be predicted.
struct Shard {
  std::vector<std::int32_t> tokens;
  std::vector<std::size_t> starts;    // of each sequence in `tokens`, and the end: [sequences + 1]
  std::vector<std::size_t> sources;   // rows whose next token counts, ascending
  std::vector<std::int32_t> targets;  // that next token, [sources]
};

/// Reads weights laid out by a Layout. Owns the activations of the last forward pass, so not
/// thread-safe: one for each thread, all reading the same weights.
class Transformer {
 public:
  explicit Transformer(const Layout& layout,
                       const kernels::SgemmKernel& products = *kernels::sgemm_kernels().front());

  /// Loss and hits over the shard's targets. `hit` (may be null) holds one flag for each target.
  /// Keeps what backward needs; `scale` multiplies the gradient (one over the batch's targets makes
  /// it the gradient of the batch's mean loss).
  /// REQUIRES: sequences no longer than shape.context, tokens below shape.vocabulary.
  CrossEntropy forward(const float* weights, const Shard& shard, float scale, bool* hit = nullptr);

  /// Writes the gradient of the last forward pass by every weight. Shapes: gradient [layout.size].
  void backward(const float* weights, const Shard& shard, float* gradient);

 private:
  struct LayerState {
    std::vector<float> input;          // [tokens, dim]
    std::vector<float> normed;         // [tokens, dim]
    std::vector<float> qkv;            // [tokens, qkv_dim], turned
    std::vector<float> probabilities;  // sequences one after the other, each [heads, n, n]
    std::vector<float> attended;       // [tokens, q_dim]
    // What follows attention mixes no tokens: `rows` is all tokens, and in the last layer only
    // those that predict (a third of them; the rest would be thrown away).
    std::vector<float> kept;        // [rows, q_dim], the last layer's rows of `attended`
    std::vector<float> middle;      // [rows, dim]
    std::vector<float> ffn_normed;  // [rows, dim]
    std::vector<float> gate_up;     // [rows, 2 ffn_dim]
    std::vector<float> activated;   // [rows, ffn_dim]
  };

  // Writes `attended` from `input`.
  void forward_attention(const float* weights, const LayerOffsets& at, const Shard& shard,
                         LayerState& state);
  // Attention's output product and the feed-forward half. Shapes: x, output [rows, dim].
  void forward_rows(const float* weights, const LayerOffsets& at, const float* x,
                    const float* attended, std::size_t rows, LayerState& state, float* output);
  // From d_stream_ by the output to d_stream_ by the middle, and d_a_ by `attended`, [rows, ...].
  void backward_rows(const float* weights, const LayerOffsets& at, const float* attended,
                     std::size_t rows, const LayerState& state, float* gradient);
  // From d_a_ and d_stream_ to d_stream_ by the input, [tokens, dim].
  void backward_attention(const float* weights, const LayerOffsets& at, const Shard& shard,
                          const LayerState& state, float* gradient);
  // y [tokens, out] = x [tokens, in] w^T, and its two gradients.
  void linear(const float* x, const float* w, std::size_t tokens, std::size_t in, std::size_t out,
              float* y, bool accumulate = false);
  void linear_backward(const float* x, const float* w, const float* d_y, std::size_t tokens,
                       std::size_t in, std::size_t out, float* d_x, float* d_w);

  const Layout& layout_;
  Rope rope_;
  kernels::Sgemm sgemm_;
  std::vector<LayerState> states_;
  std::vector<float> picked_;      // [targets, dim], the last layer's input where it predicts
  std::vector<float> final_;       // [targets, dim], the last layer's output there
  std::vector<float> head_input_;  // [targets, dim]
  std::vector<float> logits_;      // [targets, vocabulary]; after forward, the gradient
  // Gradients on the way back.
  std::vector<float> d_stream_, d_a_, d_b_, d_c_, scratch_;
};

}  // namespace nearside::train
