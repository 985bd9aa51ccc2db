// How the NEON products walk over a part: half a panel (8 rows, two vectors) under 4 tokens at a
// time, whose 8 integer and 8 f32 sums leave half of the 32 registers. `sdot` adds four 8-bit
// products to a 32-bit lane: nothing has to be widened. Only files compiled for it include this;
// all of it has internal linkage.
#pragma once

#include <cstring>

#include <arm_neon.h>

#include "kernels/panels.h"
#include "kernels/product.h"

namespace nearside::kernels {
namespace {

constexpr std::size_t kHalfRows = 8;
constexpr std::size_t kVectors = 2;  // of four rows

/// Four rows of a group, four columns each.
inline uint8x16_t load_rows(const std::byte* half_groups, std::size_t index, std::size_t vector) {
  return vld1q_u8(reinterpret_cast<const std::uint8_t*>(half_groups) + index * kGroupBytes +
                  vector * 16);
}

/// Four values, repeated.
inline int8x16_t broadcast_four(const std::int8_t* values) {
  std::int32_t four;
  std::memcpy(&four, values, 4);
  return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

inline float32x4_t load_halves(const std::byte* halves) {
  return vcvt_f32_f16(
      vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const std::uint16_t*>(halves))));
}

inline uint8x16_t low_nibbles(uint8x16_t both) { return vandq_u8(both, vdupq_n_u8(15)); }
inline uint8x16_t high_nibbles(uint8x16_t both) { return vshrq_n_u8(both, 4); }

/// The sums of a tile: of each token, four rows a vector.
template <int kTokens>
using Sums = float32x4_t[kTokens][kVectors];
template <int kTokens>
using Integers = int32x4_t[kTokens][kVectors];

template <int kTokens>
inline void set_zero(Sums<kTokens>& sums) {
  for (auto& token : sums)
    for (float32x4_t& sum : token) sum = vdupq_n_f32(0.0f);
}

/// integers[t] += sum over 4 * kGroups columns of weights * x. `weights(g, vector)` are signed.
template <std::size_t kGroups, int kTokens, typename Weights>
inline void add_products(Weights weights, const std::int8_t* values, std::size_t stride,
                         Integers<kTokens>& integers) {
#pragma GCC unroll 8
  for (std::size_t g = 0; g < kGroups; ++g) {
    const int8x16_t w[kVectors] = {weights(g, 0), weights(g, 1)};
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      const int8x16_t four = broadcast_four(values + static_cast<std::size_t>(t) * stride + 4 * g);
      for (std::size_t v = 0; v < kVectors; ++v)
        integers[t][v] = vdotq_s32(integers[t][v], w[v], four);
    }
  }
}

/// `Kernel::tile<tokens>(panel, half, x, first token, sums)` computes a tile; `half` is 0 or 1.
template <typename Kernel, int kTokens>
inline void one_tile(const Operand& w, const std::byte* panel, std::size_t half,
                     const Activations& x, std::size_t row, std::size_t token, float* y) {
  Sums<kTokens> sums;
  Kernel::template tile<kTokens>(panel, half, x, token, sums);
  const std::size_t left = w.rows - row;
  for (int t = 0; t < kTokens; ++t) {
    float* const out = y + (token + static_cast<std::size_t>(t)) * w.rows + row;
    float rows[kHalfRows];
    for (std::size_t v = 0; v < kVectors; ++v) vst1q_f32(rows + 4 * v, sums[t][v]);
    std::memcpy(out, rows, (left < kHalfRows ? left : kHalfRows) * sizeof(float));
  }
}

template <typename Kernel>
void multiply_panels(const Operand& w, const Activations& x, const Part& part, float* y) {
  const std::size_t panel_bytes = Kernel::panel_bytes(kPanelRows, w.columns);
  for (std::size_t row = part.row_begin; row < part.row_end; row += kHalfRows) {
    const std::byte* const panel = w.data + row / kPanelRows * panel_bytes;
    const std::size_t half = row / kHalfRows % 2;
    std::size_t t = part.token_begin;
    for (; t + 4 <= part.token_end; t += 4) one_tile<Kernel, 4>(w, panel, half, x, row, t, y);
    if (t + 2 <= part.token_end) {
      one_tile<Kernel, 2>(w, panel, half, x, row, t, y);
      t += 2;
    }
    if (t < part.token_end) one_tile<Kernel, 1>(w, panel, half, x, row, t, y);
  }
}

}  // namespace
}  // namespace nearside::kernels
