// The functions of one instruction set: chosen once at start, handed to everyone who computes.
//
// Every table computes the same functions; results differ between tables only by the order of
// floating-point sums and the rounding of exp (bounds at each function). Functions are pure, need
// no alignment, and accept n = 0. "In place" means that out may equal an input exactly; other
// overlap is not allowed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/activations.h"
#include "kernels/attention.h"
#include "kernels/product.h"

namespace nearside::gguf {
enum class TensorType : std::uint32_t;
}

namespace nearside::kernels {

struct Table {
  const char* name;  // "scalar", "avx2", "avx512", "avx512_bf16", "neon"

  // --- rows of f32 ---
  /// out = x / sqrt(mean(x^2) + epsilon) * weight. In place. Source: Zhang and Sennrich 2019.
  void (*rms_norm)(const float* x, const float* weight, std::size_t n, float epsilon, float* out);
  /// out = (x - mean) / sqrt(variance + epsilon) * weight + bias. In place. `bias` may be null.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, std::size_t n,
                     float epsilon, float* out);
  /// x = softmax(x * scale + mask), with the maximum subtracted first. `mask` may be null; a masked
  /// element is -infinity. A row that is masked everywhere becomes zeros.
  void (*softmax)(float* x, const float* mask, std::size_t n, float scale);
  /// out = gate * sigmoid(gate) * up. In place.
  void (*silu_mul)(const float* gate, const float* up, std::size_t n, float* out);
  /// out = gelu(gate) * up, gelu(v) = v/2 (1 + tanh(sqrt(2/pi) (v + 0.044715 v^3))). In place.
  /// Source: Hendrycks and Gimpel 2016, section 2, the tanh form.
  void (*gelu_mul)(const float* gate, const float* up, std::size_t n, float* out);
  /// out = a + b. In place.
  void (*add)(const float* a, const float* b, std::size_t n, float* out);
  /// out = a * b. In place.
  void (*mul)(const float* a, const float* b, std::size_t n, float* out);
  /// x = x * factor.
  void (*scale)(float* x, std::size_t n, float factor);
  /// y = y + factor * x.
  void (*axpy)(float factor, const float* x, std::size_t n, float* y);
  float (*dot_f32)(const float* a, const float* b, std::size_t n);
  /// The first index of the greatest value; NaN is never greatest. REQUIRES: n >= 1.
  std::size_t (*argmax)(const float* x, std::size_t n);
  void (*f16_to_f32)(const Half* in, std::size_t n, float* out);
  /// Rounds to nearest, ties to even.
  void (*f32_to_f16)(const float* in, std::size_t n, Half* out);

  // --- rotary position ---
  /// Rotates the pairs (i, i + pairs) of one head: x' = x cos - y sin, y' = x sin + y cos. Angles
  /// are from rope.h. Shapes: head [2 * pairs], cosines and sines [pairs]. (Qwen, Gemma: "NEOX".)
  void (*rope_halves)(float* head, std::size_t pairs, const float* cosines, const float* sines);
  /// The same with pairs (2i, 2i + 1). (Llama as converted to GGUF: "NORM".)
  void (*rope_interleaved)(float* head, std::size_t pairs, const float* cosines,
                           const float* sines);

  /// Softmax attention over cached keys and values.
  const AttentionFunctions* attention;

  // --- products ---
  /// Quantises one row of activations. REQUIRES: columns a multiple of scale_columns(kind), kind
  /// not kF32. All tables give the same bits; NaN and infinity give unspecified ones.
  void (*quantize_activations)(ActivationKind kind, const float* x, std::size_t columns,
                               const QuantizedRow& out);
  /// How this table multiplies with a type; the plain one where it has nothing better.
  const Product& (*product)(gguf::TensorType type);
};

}  // namespace nearside::kernels
