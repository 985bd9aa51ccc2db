// The AVX-512 VNNI product of formats with 16 sub-blocks of 16 columns, for avx512_q*_k.cc; all of
// it has internal linkage.
//
// Weights are unsigned (q + offset); integer sums begin with -offset * sum(x)
// (Product::sum_factor), or minima are taken off after them. Per 256 columns: sums += x scale *
// (sum over sub-blocks of d scale (q . x)).
#pragma once

#include "kernels/avx512_products.h"
#include "kernels/avx512_tiles.h"

namespace nearside::kernels {
namespace {

/// Bits 2 * quarter.. of each byte, moved to bits `to`.. among others.
inline __m512i move_pair(__m512i bytes, unsigned quarter, unsigned to) {
  return 2 * quarter < to ? _mm512_slli_epi16(bytes, to - 2 * quarter)
                          : _mm512_srli_epi16(bytes, 2 * quarter - to);
}

/// `Blocks` says how one format's block of 16 rows is read: kBlockBytes, weights(block, quarter, g)
/// for columns 64 * quarter + 4g.. with g < 16, scale_of(block, sub), and with kMinima
/// minimum_of(block, sub).
template <typename Blocks>
struct Blocks16Kernel {
  static constexpr std::size_t kFetchColumns = 256;
  static constexpr bool kThreePanels = false;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return Blocks::panel_bytes(rows, columns);
  }

  template <int kPanels, int kTokens>
  static inline void start(const std::int32_t* x_sums, std::size_t stride,
                           __m512i (&integers)[kPanels][kTokens]) {
#pragma GCC unroll 6
    for (int t = 0; t < kTokens; ++t)
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
        integers[p][t] = Blocks::kMinima
                             ? _mm512_setzero_si512()
                             : _mm512_set1_epi32(x_sums[static_cast<std::size_t>(t) * stride]);
  }

  template <int kPanels, int kTokens>
  static inline void add_scaled(const __m512i (&integers)[kPanels][kTokens],
                                const __m512 (&scales)[kPanels],
                                __m512 (&partial)[kPanels][kTokens]) {
#pragma GCC unroll 2
    for (int p = 0; p < kPanels; ++p)
#pragma GCC unroll 6
      for (int t = 0; t < kTokens; ++t)
        partial[p][t] =
            _mm512_fmadd_ps(_mm512_cvtepi32_ps(integers[p][t]), scales[p], partial[p][t]);
  }

  /// partial -= minimum * sum of x.
  template <int kPanels, int kTokens>
  static inline void take_minima(const std::byte* const (&block)[kPanels], std::size_t sub,
                                 const std::int32_t* x_sums, std::size_t stride,
                                 __m512 (&partial)[kPanels][kTokens]) {
#pragma GCC unroll 2
    for (int p = 0; p < kPanels; ++p) {
      const __m512 minima = Blocks::minimum_of(block[p], sub);
#pragma GCC unroll 6
      for (int t = 0; t < kTokens; ++t)
        partial[p][t] = _mm512_fnmadd_ps(
            minima,
            _mm512_set1_ps(static_cast<float>(x_sums[static_cast<std::size_t>(t) * stride])),
            partial[p][t]);
    }
  }

  template <int kPanels, int kTokens>
  static inline void tile(const std::byte* panel, std::size_t panel_bytes, const Activations& x,
                          std::size_t token, Ahead& ahead, __m512 (&sums)[kPanels][kTokens]) {
    const std::size_t blocks = x.columns / 256;
    clear(sums);
    for (std::size_t b = 0; b < blocks; ++b) {
      ahead.fetch();
      const std::int8_t* const values = x.values + token * x.value_stride + b * 256;
      const std::int32_t* const x_sums = x.sums + token * blocks * 16 + b * 16;
      const float* const x_scales = x.scales + token * blocks + b;
      const std::byte* block[kPanels];
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
        block[p] = panel + static_cast<std::size_t>(p) * panel_bytes + b * Blocks::kBlockBytes;
      __m512 partial[kPanels][kTokens];
      clear(partial);
      // Quarters are unrolled for their shifts, the four sub-blocks of each are a loop.
#pragma GCC unroll 4
      for (unsigned quarter = 0; quarter < 4; ++quarter) {
        for (std::size_t k = 0; k < 4; ++k) {
          const std::size_t sub = 4 * quarter + k;
          __m512i integers[kPanels][kTokens];
          start<kPanels, kTokens>(x_sums + sub, blocks * 16, integers);
#pragma GCC unroll 4
          for (std::size_t g = 0; g < 4; ++g) {
            __m512i w[kPanels];
#pragma GCC unroll 2
            for (int p = 0; p < kPanels; ++p) w[p] = Blocks::weights(block[p], quarter, 4 * k + g);
#pragma GCC unroll 6
            for (int t = 0; t < kTokens; ++t) {
              const __m512i four = broadcast_four(
                  values + static_cast<std::size_t>(t) * x.value_stride + 16 * sub + 4 * g);
#pragma GCC unroll 2
              for (int p = 0; p < kPanels; ++p)
                integers[p][t] = _mm512_dpbusd_epi32(integers[p][t], w[p], four);
            }
          }
          __m512 scales[kPanels];
#pragma GCC unroll 2
          for (int p = 0; p < kPanels; ++p) scales[p] = Blocks::scale_of(block[p], sub);
          add_scaled<kPanels, kTokens>(integers, scales, partial);
          if constexpr (Blocks::kMinima)
            take_minima<kPanels, kTokens>(block, sub, x_sums + sub, blocks * 16, partial);
        }
      }
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
#pragma GCC unroll 6
        for (int t = 0; t < kTokens; ++t)
          sums[p][t] = _mm512_fmadd_ps(
              partial[p][t], _mm512_set1_ps(x_scales[static_cast<std::size_t>(t) * blocks]),
              sums[p][t]);
    }
  }
};

}  // namespace
}  // namespace nearside::kernels
