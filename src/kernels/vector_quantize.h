// Quantising activations (activations.h says to what), written once in the vocabulary of an
// instruction set; see vector_rows.h for how, and why everything has internal linkage.
#pragma once

#include "kernels/table.h"

namespace nearside::kernels {
namespace {

inline std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// 2^exponent for exponents of normal numbers.
inline float power_of_two(std::int32_t exponent) {
  const std::int32_t bits = (exponent + 127) * (1 << 23);
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

template <typename Q>
void quantize_blocks_32(const float* x, std::size_t columns, const QuantizedRow& out) {
  const float row_max = Q::greatest_magnitude(x, columns);
  const bool zero = row_max < kMagnitudeMin;
  *out.base = zero ? 0.0f : row_max / 127.0f * 0x1p-24f;
  const float row_inverse = zero ? 0.0f : 127.0f / row_max;
  for (std::size_t c = 0; c < columns; c += 32) {
    const float block_max = Q::greatest_magnitude(x + c, 32);
    const std::int32_t power = zero ? 0 : block_power(bits_of(row_max), bits_of(block_max));
    out.powers[c / 32] = power * (1 << 23);
    out.scales[c / 32] = *out.base * power_of_two(power);
    Q::quantize_block(x + c, 32, row_inverse * power_of_two(kBlockPowerMax - power),
                      out.values + c);
    out.sums[c / 32] = Q::sum_of_16(out.values + c) + Q::sum_of_16(out.values + c + 16);
  }
}

template <typename Q>
void quantize_blocks_256(const float* x, std::size_t columns, const QuantizedRow& out) {
  for (std::size_t c = 0; c < columns; c += 256) {
    const float block_max = Q::greatest_magnitude(x + c, 256);
    const bool zero = block_max < kMagnitudeMin;
    out.scales[c / 256] = zero ? 0.0f : block_max / 127.0f;
    Q::quantize_block(x + c, 256, zero ? 0.0f : 127.0f / block_max, out.values + c);
  }
  for (std::size_t pair = 0; pair < columns / 32; ++pair) {
    const std::int32_t first = Q::sum_of_16(out.values + 32 * pair);
    const std::int32_t second = Q::sum_of_16(out.values + 32 * pair + 16);
    out.sums[2 * pair] = first;
    out.sums[2 * pair + 1] = second;
    out.pair_sums[pair] = static_cast<std::int16_t>(first + second);
  }
}

template <typename Q>
void quantize_activations(ActivationKind kind, const float* x, std::size_t columns,
                          const QuantizedRow& out) {
  if (kind == ActivationKind::kBlock32)
    quantize_blocks_32<Q>(x, columns, out);
  else
    quantize_blocks_256<Q>(x, columns, out);
}

}  // namespace
}  // namespace nearside::kernels
