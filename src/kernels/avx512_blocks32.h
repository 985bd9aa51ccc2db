// The AVX-512 VNNI product of formats with one scale for 32 columns, for avx512_blocks32*.cc; all
// of it has internal linkage.
//
// Weights are unsigned (q + offset) as vpdpbusd wants them; the integer sums begin with
// -offset * sum(x), which the activations carry already multiplied (Product::sum_factor). Per block
// sums += float(integers) * (w scale * 2^power), and at the end sums * base: where no scale is zero
// that of x costs an integer addition instead of a multiplication, which would compete with
// vpdpbusd for its execution units. Formats with minima add minimum * sum(x) instead of an offset.
#pragma once

#include "kernels/avx512_products.h"
#include "kernels/avx512_tiles.h"

namespace nearside::kernels {
namespace {

enum class Scale {
  kNeverZero,   // f16; packed so that weights under a scale of zero are zeros themselves
  kAny,         // f16
  kPowerOfTwo,  // e of 2^(e - 128), a byte a row
};

/// 2^(e - 128) of 16 rows; 0 below the normal numbers.
inline __m512 power_scale(const std::byte* exponents) {
  const __m512i e =
      _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(exponents)));
  const __m512i biased =
      _mm512_max_epi32(_mm512_sub_epi32(e, _mm512_set1_epi32(1)), _mm512_setzero_si512());
  return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
}

/// 2^power, with power shifted to its place as activations.h has it.
inline __m512 power_of_two(std::int32_t power) {
  return _mm512_castsi512_ps(_mm512_set1_epi32(power + (127 << 23)));
}

/// `Blocks` says how one format's groups become unsigned weights: kGroups stored for a block,
/// weights(groups, g) for columns 4g.. of the block, kScale, kMinima, panel_bytes(rows, columns).
template <typename Blocks>
struct Blocks32Kernel {
  static constexpr std::size_t kFetchColumns = 32;
  static constexpr bool kThreePanels = true;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return Blocks::panel_bytes(rows, columns);
  }
  static const std::byte* groups_of(const std::byte* panel, std::size_t block) {
    return panel + block * Blocks::kGroups * kGroupBytes;
  }
  /// Array `index` of those that follow the groups, f16 [block, row] each.
  static __m512 halves_of(const std::byte* panel, std::size_t blocks, std::size_t block,
                          std::size_t index) {
    return load_halves(panel + blocks * Blocks::kGroups * kGroupBytes +
                       (index * blocks + block) * kPanelRows * 2);
  }
  static __m512 scale_of(const std::byte* panel, std::size_t blocks, std::size_t block) {
    if constexpr (Blocks::kScale == Scale::kPowerOfTwo)
      return power_scale(panel + blocks * Blocks::kGroups * kGroupBytes + block * kPanelRows);
    else
      return halves_of(panel, blocks, block, 0);
  }

  template <int kPanels, int kTokens>
  static inline void start(const std::int32_t* x_sums, std::size_t blocks,
                           __m512i (&integers)[kPanels][kTokens]) {
#pragma GCC unroll 6
    for (int t = 0; t < kTokens; ++t)
#pragma GCC unroll 3
      for (int p = 0; p < kPanels; ++p)
        integers[p][t] = Blocks::kMinima
                             ? _mm512_setzero_si512()
                             : _mm512_set1_epi32(x_sums[static_cast<std::size_t>(t) * blocks]);
  }

  /// With x_sums only where there are minima.
  template <int kPanels, int kTokens>
  static inline void add_scaled(const __m512i (&integers)[kPanels][kTokens],
                                const __m512 (&scales)[kPanels], const __m512 (&minima)[kPanels],
                                const std::int32_t* x_sums, const std::int32_t* powers,
                                std::size_t blocks, __m512 (&sums)[kPanels][kTokens]) {
#pragma GCC unroll 6
    for (int t = 0; t < kTokens; ++t) {
      const std::int32_t power = powers[static_cast<std::size_t>(t) * blocks];
      const __m512 factor =
          Blocks::kScale == Scale::kNeverZero ? _mm512_setzero_ps() : power_of_two(power);
      const __m512 x_sum = Blocks::kMinima
                               ? _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_set1_epi32(
                                                   x_sums[static_cast<std::size_t>(t) * blocks])),
                                               factor)
                               : _mm512_setzero_ps();
#pragma GCC unroll 3
      for (int p = 0; p < kPanels; ++p) {
        const __m512 scale = Blocks::kScale == Scale::kNeverZero ? times_power(scales[p], power)
                                                                 : _mm512_mul_ps(scales[p], factor);
        sums[p][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(integers[p][t]), scale, sums[p][t]);
        if constexpr (Blocks::kMinima) sums[p][t] = _mm512_fmadd_ps(minima[p], x_sum, sums[p][t]);
      }
    }
  }

  static inline __m512 finish(__m512 sum, const Activations& x, std::size_t token) {
    return _mm512_mul_ps(sum, _mm512_set1_ps(x.bases[token]));
  }

  template <int kPanels, int kTokens>
  static inline void tile(const std::byte* panel, std::size_t panel_bytes, const Activations& x,
                          std::size_t token, Ahead& ahead, __m512 (&sums)[kPanels][kTokens]) {
    const std::size_t blocks = x.columns / 32;
    clear(sums);
    for (std::size_t b = 0; b < blocks; ++b) {
      ahead.fetch();
      __m512i integers[kPanels][kTokens];
      start<kPanels, kTokens>(x.sums + token * blocks + b, blocks, integers);
      const std::int8_t* const values = x.values + token * x.value_stride + b * 32;
#pragma GCC unroll 8
      for (std::size_t g = 0; g < 8; ++g) {
        __m512i w[kPanels];
#pragma GCC unroll 3
        for (int p = 0; p < kPanels; ++p)
          w[p] =
              Blocks::weights(groups_of(panel + static_cast<std::size_t>(p) * panel_bytes, b), g);
#pragma GCC unroll 6
        for (int t = 0; t < kTokens; ++t) {
          const __m512i four =
              broadcast_four(values + static_cast<std::size_t>(t) * x.value_stride + 4 * g);
#pragma GCC unroll 3
          for (int p = 0; p < kPanels; ++p)
            integers[p][t] = _mm512_dpbusd_epi32(integers[p][t], w[p], four);
        }
      }
      __m512 scales[kPanels];
      __m512 minima[kPanels];
#pragma GCC unroll 3
      for (int p = 0; p < kPanels; ++p) {
        const std::byte* const one = panel + static_cast<std::size_t>(p) * panel_bytes;
        scales[p] = scale_of(one, blocks, b);
        minima[p] = Blocks::kMinima ? halves_of(one, blocks, b, 1) : _mm512_setzero_ps();
      }
      add_scaled<kPanels, kTokens>(integers, scales, minima, x.sums + token * blocks + b,
                                   x.powers + token * blocks + b, blocks, sums);
    }
    for (int p = 0; p < kPanels; ++p)
      for (int t = 0; t < kTokens; ++t)
        sums[p][t] = finish(sums[p][t], x, token + static_cast<std::size_t>(t));
  }
};

}  // namespace
}  // namespace nearside::kernels
