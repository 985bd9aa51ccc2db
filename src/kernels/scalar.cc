// The plain C++ table: the reference that all others are tested against, and what runs where
// nothing wider does.
#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/tables.h"

namespace nearside::kernels {

extern const AttentionFunctions kScalarAttention;  // scalar_attention.cc

namespace {

void rms_norm(const float* x, const float* weight, std::size_t n, float epsilon, float* out) {
  double squares = 0;
  for (std::size_t i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * x[i];
  const float factor =
      1.0f / std::sqrt(static_cast<float>(squares / static_cast<double>(n)) + epsilon);
  for (std::size_t i = 0; i < n; ++i) out[i] = x[i] * factor * weight[i];
}

void layer_norm(const float* x, const float* weight, const float* bias, std::size_t n,
                float epsilon, float* out) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += x[i];
  const float mean = static_cast<float>(sum / static_cast<double>(n));
  double squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double centred = x[i] - mean;
    squares += centred * centred;
  }
  const float factor =
      1.0f / std::sqrt(static_cast<float>(squares / static_cast<double>(n)) + epsilon);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = (x[i] - mean) * factor * weight[i] + (bias != nullptr ? bias[i] : 0.0f);
}

void softmax(float* x, const float* mask, std::size_t n, float scale) {
  float greatest = -INFINITY;
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = x[i] * scale + (mask != nullptr ? mask[i] : 0.0f);
    greatest = std::max(greatest, x[i]);
  }
  if (greatest == -INFINITY) {
    std::fill_n(x, n, 0.0f);
    return;
  }
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = std::exp(x[i] - greatest);
    sum += x[i];
  }
  const float inverse = static_cast<float>(1.0 / sum);
  for (std::size_t i = 0; i < n; ++i) x[i] *= inverse;
}

void silu_mul(const float* gate, const float* up, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = gate[i] / (1.0f + std::exp(-gate[i])) * up[i];
}

void gelu_mul(const float* gate, const float* up, std::size_t n, float* out) {
  constexpr float kRootTwoOverPi = 0.79788456f;
  for (std::size_t i = 0; i < n; ++i) {
    const float v = gate[i];
    const float inner = kRootTwoOverPi * v * (1.0f + 0.044715f * v * v);
    out[i] = 0.5f * v * (1.0f + std::tanh(inner)) * up[i];
  }
}

void add(const float* a, const float* b, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = a[i] + b[i];
}

void mul(const float* a, const float* b, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = a[i] * b[i];
}

void scale(float* x, std::size_t n, float factor) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= factor;
}

void axpy(float factor, const float* x, std::size_t n, float* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

float dot_f32(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return static_cast<float>(sum);
}

std::size_t argmax(const float* x, std::size_t n) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < n; ++i)
    if (x[i] > x[best] || (std::isnan(x[best]) && !std::isnan(x[i]))) best = i;
  return best;
}

void widen(const Half* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f16_to_f32(in[i]);
}

void narrow(const float* in, std::size_t n, Half* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f32_to_f16(in[i]);
}

void rotate(float& x, float& y, float cosine, float sine) {
  const float turned = x * cosine - y * sine;
  y = x * sine + y * cosine;
  x = turned;
}

void rope_halves(float* head, std::size_t pairs, const float* cosines, const float* sines) {
  for (std::size_t i = 0; i < pairs; ++i) rotate(head[i], head[i + pairs], cosines[i], sines[i]);
}

void rope_interleaved(float* head, std::size_t pairs, const float* cosines, const float* sines) {
  for (std::size_t i = 0; i < pairs; ++i)
    rotate(head[2 * i], head[2 * i + 1], cosines[i], sines[i]);
}

float greatest_magnitude(const float* x, std::size_t n) {
  float greatest = 0;
  for (std::size_t i = 0; i < n; ++i) greatest = std::fmax(greatest, std::fabs(x[i]));
  return greatest;
}

/// `inverse` is one over the scale.
void quantize_block(const float* x, std::size_t n, float inverse, std::int8_t* values) {
  for (std::size_t i = 0; i < n; ++i)
    values[i] = static_cast<std::int8_t>(std::nearbyint(x[i] * inverse));
}

void quantize_blocks_32(const float* x, std::size_t columns, const QuantizedRow& out) {
  const float row_max = greatest_magnitude(x, columns);
  const bool zero = row_max < kMagnitudeMin;
  *out.base = zero ? 0.0f : row_max / 127.0f * 0x1p-24f;
  for (std::size_t c = 0; c < columns; c += 32) {
    const float block_max = greatest_magnitude(x + c, 32);
    const std::int32_t power = zero ? 0
                                    : block_power(std::bit_cast<std::uint32_t>(row_max),
                                                  std::bit_cast<std::uint32_t>(block_max));
    out.powers[c / 32] = power * (1 << 23);
    out.scales[c / 32] = std::ldexp(*out.base, power);
    const float inverse = zero ? 0.0f : std::ldexp(127.0f / row_max, kBlockPowerMax - power);
    quantize_block(x + c, 32, inverse, out.values + c);
  }
}

void quantize_blocks_256(const float* x, std::size_t columns, const QuantizedRow& out) {
  for (std::size_t c = 0; c < columns; c += 256) {
    const float block_max = greatest_magnitude(x + c, 256);
    const bool zero = block_max < kMagnitudeMin;
    out.scales[c / 256] = zero ? 0.0f : block_max / 127.0f;
    quantize_block(x + c, 256, zero ? 0.0f : 127.0f / block_max, out.values + c);
  }
}

void quantize_activations(ActivationKind kind, const float* x, std::size_t columns,
                          const QuantizedRow& out) {
  if (kind == ActivationKind::kBlock32)
    quantize_blocks_32(x, columns, out);
  else
    quantize_blocks_256(x, columns, out);
  for (std::size_t c = 0; c < columns; c += sum_columns(kind)) {
    std::int32_t sum = 0;
    for (std::size_t i = c; i < c + sum_columns(kind); ++i) sum += out.values[i];
    out.sums[c / sum_columns(kind)] = sum;
  }
  if (out.pair_sums == nullptr) return;
  for (std::size_t i = 0; i < columns / 32; ++i)
    out.pair_sums[i] = static_cast<std::int16_t>(out.sums[2 * i] + out.sums[2 * i + 1]);
}

void multiply_rows(const Operand& weights, const Activations& x, const Part& part, float* y) {
  const std::size_t row_bytes = weights.format->row_bytes(weights.columns);
  for (std::size_t r = part.row_begin; r < part.row_end; ++r)
    for (std::size_t t = part.token_begin; t < part.token_end; ++t)
      y[t * weights.rows + r] = weights.format->dot(weights.data + r * row_bytes, x, t);
}

constexpr Product kRows = {.name = "rows, plain C++", .multiply = multiply_rows};

const Product& product(gguf::TensorType) { return kRows; }

}  // namespace

const Product& plain_product() { return kRows; }

const Table& scalar_table() {
  static constexpr Table kTable = {
      .name = "scalar",
      .rms_norm = rms_norm,
      .layer_norm = layer_norm,
      .softmax = softmax,
      .silu_mul = silu_mul,
      .gelu_mul = gelu_mul,
      .add = add,
      .mul = mul,
      .scale = scale,
      .axpy = axpy,
      .dot_f32 = dot_f32,
      .argmax = argmax,
      .f16_to_f32 = widen,
      .f32_to_f16 = narrow,
      .rope_halves = rope_halves,
      .rope_interleaved = rope_interleaved,
      .attention = &kScalarAttention,
      .quantize_activations = quantize_activations,
      .product = product,
  };
  return kTable;
}

}  // namespace nearside::kernels
