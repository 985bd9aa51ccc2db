// The right-hand side of a product: rows of f32 activations, and what quantised weights multiply
// with instead, 8-bit integers in blocks with one scale each.
//
// Per block: scale = max |x| / 127, value = x / scale rounded to nearest even. Formats whose blocks
// have 32 elements take blocks of 32, the K formats take 256 (as llama.cpp does; Source: ggml's
// block_q8_0 and block_q8_K). Sums of values let a kernel work with unsigned weights (w + offset)
// and subtract offset * sum: vpdpbusd wants one unsigned operand.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearside::kernels {

enum class ActivationKind : std::uint8_t {
  kF32,      // as they are
  kBlock32,  // 8 bits, one scale and one sum each 32 columns
  kBlock256  // 8 bits, one scale each 256 columns, one sum each 16 and one each 32
};

/// A block whose magnitudes all lie below is taken for zeros: the inverse of its scale would
/// overflow, and no product of weights makes it matter.
constexpr float kBlockMagnitudeMin = 1e-30f;

/// Columns that share a scale.
constexpr std::size_t scale_columns(ActivationKind kind) {
  return kind == ActivationKind::kBlock32 ? 32 : 256;
}
/// Columns that share a sum.
constexpr std::size_t sum_columns(ActivationKind kind) {
  return kind == ActivationKind::kBlock32 ? 32 : 16;
}

/// A view; the arrays are the caller's. `floats` is set for kF32, the others for the rest.
struct Activations {
  std::size_t tokens = 0;
  std::size_t columns = 0;
  const float* floats = nullptr;            // [token, column]
  const std::int8_t* values = nullptr;      // [token, column], -127..127
  const float* scales = nullptr;            // [token, column / scale_columns]
  const std::int32_t* sums = nullptr;       // [token, column / sum_columns], times a factor that
                                            // the product asked for (product.h)
  const std::int16_t* pair_sums = nullptr;  // [token, column / 32], kBlock256 only
};

/// Where one token's row goes; shapes as above without `token`.
struct QuantizedRow {
  std::int8_t* values;
  float* scales;
  std::int32_t* sums;
  std::int16_t* pair_sums;  // null for kBlock32
};

}  // namespace nearside::kernels
