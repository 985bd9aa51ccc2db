// How the AVX2 products walk over a part: half a panel (8 rows) under 4 tokens at a time, whose
// integer and f32 sums fill half of the 16 registers. Only files compiled for AVX2 include this;
// all of it has internal linkage.
//
// vpmaddubsw adds pairs of 8-bit products in 16 bits, so some groups of four columns may be added
// before widening: as many as keep 2 * 127 * the largest weight * groups below 32768.
#pragma once

#include <cstring>

#include <immintrin.h>

#include "kernels/panels.h"
#include "kernels/product.h"

namespace nearside::kernels {
namespace {

constexpr std::size_t kHalfRows = 8;

/// Half a group: 8 rows, four columns each.
inline __m256i load_half_group(const std::byte* half_groups, std::size_t index) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(half_groups + index * kGroupBytes));
}

inline __m256i broadcast_four(const std::int8_t* values) {
  std::int32_t four;
  std::memcpy(&four, values, 4);
  return _mm256_set1_epi32(four);
}

inline __m256 load_halves(const std::byte* halves) {
  return _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(halves)));
}

inline __m256i shift_down_to_nibbles(__m256i both) {
  return _mm256_and_si256(_mm256_srli_epi16(both, 4), _mm256_set1_epi8(15));
}

/// integers[t] += sum over 4 * kGroups columns of weights * x. `weights(g)` are unsigned.
template <std::size_t kGroups, std::size_t kGroupsBeforeWidening, int kTokens, typename Weights>
inline void add_products(Weights weights, const std::int8_t* values, std::size_t stride,
                         __m256i (&integers)[kTokens]) {
  const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 4
  for (std::size_t start = 0; start < kGroups; start += kGroupsBeforeWidening) {
    __m256i pairs[kTokens];
    for (__m256i& pair : pairs) pair = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (std::size_t g = start; g < start + kGroupsBeforeWidening; ++g) {
      const __m256i w = weights(g);
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) {
        const __m256i four = broadcast_four(values + static_cast<std::size_t>(t) * stride + 4 * g);
        pairs[t] = _mm256_add_epi16(pairs[t], _mm256_maddubs_epi16(w, four));
      }
    }
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t)
      integers[t] = _mm256_add_epi32(integers[t], _mm256_madd_epi16(pairs[t], ones));
  }
}

/// `Kernel::tile<tokens>(half panel, x, first token, sums)` computes a tile; `half` is 0 or 1.
template <typename Kernel, int kTokens>
inline void one_tile(const Operand& w, const std::byte* panel, std::size_t half,
                     const Activations& x, std::size_t row, std::size_t token, float* y) {
  __m256 sums[kTokens];
  Kernel::template tile<kTokens>(panel, half, x, token, sums);
  const std::size_t left = w.rows - row;
  for (int t = 0; t < kTokens; ++t) {
    float* const out = y + (token + static_cast<std::size_t>(t)) * w.rows + row;
    if (left >= kHalfRows) {
      _mm256_storeu_ps(out, sums[t]);
    } else {
      const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
      _mm256_maskstore_ps(out, _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(left)), index),
                          sums[t]);
    }
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
