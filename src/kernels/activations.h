// The right-hand side of a product: rows of f32 activations, and what quantised weights multiply
// with instead, 8-bit integers in blocks with one scale each.
//
// Formats whose blocks have 32 elements take activations in blocks of 32. Their scales are one base
// for the whole row (max |x| / 127, times 2^-24) times a power of two for each block, the smallest
// that keeps the block within 127: a kernel then scales by adding to exponents and multiplies by
// the base once at the end. That costs up to one of the 8 bits in a block, no more than the 256-
// column blocks below do (ggml gives each block of 32 a scale of its own; block_q8_0).
// The K formats take blocks of 256 with scale max |x| / 127 (Source: ggml's block_q8_K).
//
// value = x / scale rounded to nearest even. Sums of values let a kernel work with unsigned weights
// (w + offset) and subtract offset * sum: vpdpbusd wants one unsigned operand.
//
// The functions are static: files compiled for wider instruction sets include this header, and must
// not leave a copy that others share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearside::kernels {

enum class ActivationKind : std::uint8_t {
  kF32,      // as they are
  kBlock32,  // 8 bits, one scale and one sum each 32 columns
  kBlock256  // 8 bits, one scale each 256 columns, one sum each 16 and one each 32
};

/// A row or block whose magnitudes all lie below is taken for zeros: the inverse of its scale would
/// overflow, and no product of weights makes it matter.
constexpr float kMagnitudeMin = 1e-25f;
/// kBlock32: the largest power of two, which the block with the row's greatest value has. Blocks
/// more than 2^24 times smaller than that add nothing to an f32 sum.
constexpr std::int32_t kBlockPowerMax = 24;

/// Columns that share a scale.
static constexpr std::size_t scale_columns(ActivationKind kind) {
  return kind == ActivationKind::kBlock32 ? 32 : 256;
}
/// Columns that share a sum.
static constexpr std::size_t sum_columns(ActivationKind kind) {
  return kind == ActivationKind::kBlock32 ? 32 : 16;
}

/// A view; the arrays are the caller's. `floats` is set for kF32, the others for the rest.
struct Activations {
  std::size_t tokens = 0;
  std::size_t columns = 0;
  const float* floats = nullptr;        // [token, column]
  const std::int8_t* values = nullptr;  // [token, column], -127..127, value_stride between tokens
  std::size_t value_stride = 0;
  const float* scales = nullptr;       // [token, column / scale_columns]
  const std::int32_t* sums = nullptr;  // [token, column / sum_columns], times a factor that the
                                       // product asked for (product.h)
  // kBlock32 only: scale = base * 2^power.
  const float* bases = nullptr;          // [token]
  const std::int32_t* powers = nullptr;  // [token, column / 32], power << 23: an addend to the bits
                                         // of an f32
  // kBlock256 only.
  const std::int16_t* pair_sums = nullptr;  // [token, column / 32]
};

/// Where one token's row goes; shapes as above without `token`. Pointers that a kind does not have
/// are null.
struct QuantizedRow {
  std::int8_t* values;
  float* scales;
  std::int32_t* sums;
  float* base;
  std::int32_t* powers;
  std::int16_t* pair_sums;
};

/// The power of a block: the least p with block_max * 2^(kBlockPowerMax - p) <= row_max, at least
/// 0. Arguments are the bits of non-negative floats, row_bits of a normal one.
static constexpr std::int32_t block_power(std::uint32_t row_bits, std::uint32_t block_bits) {
  // Exponents differ by this much; one less when the block's mantissa is the greater.
  const auto exponents =
      static_cast<std::int32_t>(row_bits >> 23) - static_cast<std::int32_t>(block_bits >> 23);
  const std::int32_t smaller =
      exponents - ((block_bits & 0x7fffffu) > (row_bits & 0x7fffffu) ? 1 : 0);
  return smaller >= kBlockPowerMax ? 0 : kBlockPowerMax - smaller;
}

}  // namespace nearside::kernels
