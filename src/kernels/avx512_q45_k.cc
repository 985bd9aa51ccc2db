// AVX-512 VNNI products of Q4_K and Q5_K: 8 sub-blocks of 32 columns, each with a scale and a
// minimum of 6 bits.
//
// Per 256 columns: sums += x scale * (sum over sub-blocks of d scale (q . x) - dmin (minima . sums
// of x)). The minima are 16-bit integers in pairs and multiply the sums of x with vpdpwssd.
#include "kernels/avx512_products.h"
#include "kernels/avx512_tiles.h"

namespace nearside::kernels {

namespace {

/// The scales and minima of one block of 16 rows, unpacked. Bytes i of lane r: row r.
struct BlockScales {
  __m512 d;
  __m512 minus_dmin;
  __m512i scale[2];    // bytes: sub-blocks 0..3, 4..7
  __m512i minimum[4];  // pairs of 16 bits: sub-blocks (0, 1), (2, 3), (4, 5), (6, 7)

  void unpack(const std::byte* block) {
    d = load_halves(block);
    minus_dmin = _mm512_sub_ps(_mm512_setzero_ps(), load_halves(block + 32));
    const __m512i a = load_group(block, 1);
    const __m512i b = load_group(block, 2);
    const __m512i c = load_group(block, 3);
    const __m512i six = _mm512_set1_epi8(63);
    const __m512i upper = _mm512_set1_epi8(0x30);  // the two top bits, shifted right by two
    scale[0] = _mm512_and_si512(a, six);
    scale[1] = _mm512_or_si512(low_nibbles(c), _mm512_and_si512(_mm512_srli_epi32(a, 2), upper));
    const __m512i minima[2] = {
        _mm512_and_si512(b, six),
        _mm512_or_si512(high_nibbles(c), _mm512_and_si512(_mm512_srli_epi32(b, 2), upper))};
    const __m512i even = _mm512_set1_epi32(0x00ff00ff);
    for (int half = 0; half < 2; ++half) {
      minimum[2 * half] = _mm512_and_si512(minima[half], even);
      minimum[2 * half + 1] = _mm512_and_si512(_mm512_srli_epi32(minima[half], 8), even);
    }
  }

  /// d times the scales of sub-block 2 * pair + odd.
  [[nodiscard]] __m512 of(std::size_t pair, int odd) const {
    const __m128i count = _mm_cvtsi32_si128(static_cast<int>(pair % 2 * 16) + 8 * odd);
    const __m512i shifted = _mm512_srl_epi32(scale[pair / 2], count);
    return _mm512_mul_ps(d, _mm512_cvtepi32_ps(_mm512_and_si512(shifted, _mm512_set1_epi32(255))));
  }
};

// `weights` is group g of sub-block 2 * pair + odd. Pairs are a loop at run time, odd and g are
// unrolled: unrolling pairs as well made the code four times larger and no faster.

struct Q4_KBlocks {
  static constexpr std::size_t kBlockBytes = kQ4_KPanelBlockBytes;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q4_k_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* block, std::size_t pair, int odd, std::size_t g) {
    const __m512i both = load_group(block + 256, pair * 8 + g);
    return odd == 1 ? high_nibbles(both) : low_nibbles(both);
  }
};

struct Q5_KBlocks {
  static constexpr std::size_t kBlockBytes = kQ5_KPanelBlockBytes;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q5_k_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* block, std::size_t pair, int odd, std::size_t g) {
    const __m512i both = load_group(block + 256, 8 + pair * 8 + g);
    const __m512i low = odd == 1 ? high_nibbles(both) : low_nibbles(both);
    // Bit 2 * pair + odd of each byte moves to bit 4.
    const __m128i count = _mm_cvtsi32_si128(static_cast<int>(2 * pair) + odd);
    const __m512i moved = _mm512_slli_epi16(
        _mm512_and_si512(_mm512_srl_epi16(load_group(block + 256, g), count), _mm512_set1_epi8(1)),
        4);
    return _mm512_or_si512(low, moved);
  }
};

template <typename Blocks>
struct Kernel {
  // Fetching once a block of 256 comes in bursts: 5 % more time for eight tokens and weights from
  // memory, 1 % for one token.
  static constexpr std::size_t kFetchColumns = 64;
  static constexpr bool kThreePanels = false;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return Blocks::panel_bytes(rows, columns);
  }

  /// -dmin * (minima . sums of x) for one token.
  static inline __m512 minus_minima(const __m512i (&minima)[4], __m512 minus_dmin,
                                    const std::int16_t* pair_sums) {
    __m512i products = _mm512_setzero_si512();
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      std::int32_t pair;
      std::memcpy(&pair, pair_sums + 2 * i, 4);
      products = _mm512_dpwssd_epi32(products, minima[i], _mm512_set1_epi32(pair));
    }
    return _mm512_mul_ps(_mm512_cvtepi32_ps(products), minus_dmin);
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

  template <int kPanels, int kTokens>
  static inline void tile(const std::byte* panel, std::size_t panel_bytes, const Activations& x,
                          std::size_t token, Ahead& ahead, __m512 (&sums)[kPanels][kTokens]) {
    const std::size_t blocks = x.columns / 256;
    clear(sums);
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::int8_t* const values = x.values + token * x.value_stride + b * 256;
      const std::int16_t* const pair_sums = x.pair_sums + token * blocks * 8 + b * 8;
      const float* const x_scales = x.scales + token * blocks + b;
      const std::byte* block[kPanels];
      BlockScales scales[kPanels];
      __m512 partial[kPanels][kTokens];
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p) {
        block[p] = panel + static_cast<std::size_t>(p) * panel_bytes + b * Blocks::kBlockBytes;
        scales[p].unpack(block[p]);
#pragma GCC unroll 6
        for (int t = 0; t < kTokens; ++t)
          partial[p][t] = minus_minima(scales[p].minimum, scales[p].minus_dmin,
                                       pair_sums + static_cast<std::size_t>(t) * blocks * 8);
      }
      for (std::size_t pair = 0; pair < 4; ++pair) {
        ahead.fetch();
#pragma GCC unroll 2
        for (int odd = 0; odd < 2; ++odd) {
          const std::int8_t* const sub_values = values + 64 * pair + 32 * odd;
          __m512i integers[kPanels][kTokens];
          for (auto& row : integers)
            for (__m512i& integer : row) integer = _mm512_setzero_si512();
#pragma GCC unroll 8
          for (std::size_t g = 0; g < 8; ++g) {
            __m512i w[kPanels];
#pragma GCC unroll 2
            for (int p = 0; p < kPanels; ++p) w[p] = Blocks::weights(block[p], pair, odd, g);
#pragma GCC unroll 6
            for (int t = 0; t < kTokens; ++t) {
              const __m512i four =
                  broadcast_four(sub_values + static_cast<std::size_t>(t) * x.value_stride + 4 * g);
#pragma GCC unroll 2
              for (int p = 0; p < kPanels; ++p)
                integers[p][t] = _mm512_dpbusd_epi32(integers[p][t], w[p], four);
            }
          }
          __m512 sub_scales[kPanels];
#pragma GCC unroll 2
          for (int p = 0; p < kPanels; ++p) sub_scales[p] = scales[p].of(pair, odd);
          add_scaled<kPanels, kTokens>(integers, sub_scales, partial);
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

constinit const Product kAvx512Q4_K = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = 0,
                                       .packed_bytes = q4_k_panel_bytes,
                                       .pack = pack_q4_k_panels,
                                       .multiply = multiply_panels<Kernel<Q4_KBlocks>>};
constinit const Product kAvx512Q5_K = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = 0,
                                       .packed_bytes = q5_k_panel_bytes,
                                       .pack = pack_q5_k_panels,
                                       .multiply = multiply_panels<Kernel<Q5_KBlocks>>};

}  // namespace nearside::kernels
