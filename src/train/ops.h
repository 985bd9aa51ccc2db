// The operators of a llama block besides matrix products: each with its gradient.
//
// All arrays are f32 and row-major; `d_x` is the derivative of the loss by x. Backward functions
// say whether they write or add. Single-threaded: training runs one part of a batch on each thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/sgemm.h"

namespace nearside::train {

/// y = gain * x / sqrt(mean(x^2) + epsilon), row by row. Shapes: x, y [rows, dim], gain [dim].
/// Source: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019), equation 4.
void rms_norm(const float* x, const float* gain, std::size_t rows, std::size_t dim, float epsilon,
              float* y);
/// Adds to d_x [rows, dim] and d_gain [dim].
void rms_norm_backward(const float* x, const float* gain, const float* d_y, std::size_t rows,
                       std::size_t dim, float epsilon, float* d_x, float* d_gain);

/// Cosines and sines of rotary positions: angle = position * base^(-2 i / head_dim).
/// Source: Su et al., "RoFormer" (2021), section 3.4.2.
class Rope {
 public:
  Rope(std::size_t positions, std::size_t head_dim, float base);
  /// Turns the pairs (x[2i], x[2i+1]) of every head of one position, in place: the order of pairs
  /// that GGUF's `llama` architecture means. Shapes: x [heads, head_dim].
  void turn(float* x, std::size_t heads, std::size_t position) const;
  /// The inverse, which is also the gradient.
  void turn_back(float* x, std::size_t heads, std::size_t position) const;

 private:
  void rotate(float* x, std::size_t heads, std::size_t position, float sign) const;
  std::size_t half_;
  std::vector<float> cosine_sine_;  // [position, head_dim / 2, 2]
};

/// Sizes of causal attention over one sequence; query heads share key heads in groups.
struct AttentionShape {
  std::size_t tokens;
  std::size_t heads;
  std::size_t kv_heads;
  std::size_t head_dim;
  [[nodiscard]] std::size_t row() const { return (heads + 2 * kv_heads) * head_dim; }
};

/// out = softmax(q k^T / sqrt(head_dim)) v, each token seeing itself and those before.
/// Shapes: qkv [tokens, (heads + 2 kv_heads) head_dim], probabilities [heads, tokens, tokens] (kept
/// for the gradient), out [tokens, heads head_dim].
void attention(const AttentionShape& shape, const float* qkv, float* probabilities, float* out,
               kernels::Sgemm& sgemm);
/// Writes d_qkv. `scratch` holds tokens * tokens floats.
void attention_backward(const AttentionShape& shape, const float* qkv, const float* probabilities,
                        const float* d_out, float* d_qkv, float* scratch, kernels::Sgemm& sgemm);

/// out = silu(gate) * up. Shapes: gate_up [rows, 2 ffn_dim] (gate first), out [rows, ffn_dim].
/// Source: Shazeer, "GLU Variants Improve Transformer" (2020), equation 6.
void swiglu(const float* gate_up, std::size_t rows, std::size_t ffn_dim, float* out);
/// Writes d_gate_up.
void swiglu_backward(const float* gate_up, const float* d_out, std::size_t rows,
                     std::size_t ffn_dim, float* d_gate_up);

struct CrossEntropy {
  double loss_sum = 0;
  std::size_t correct = 0;  // rows whose largest logit is the target
};
/// -log softmax(logits)[target], summed; logits become scale * d loss / d logits in place.
/// Shapes: logits [rows, vocabulary], targets [rows]. `hit` (may be null) says which were correct.
CrossEntropy cross_entropy(float* logits, const std::int32_t* targets, std::size_t rows,
                           std::size_t vocabulary, float scale, bool* hit);

}  // namespace nearside::train
