// AVX-512 VNNI products of Q6_K: 16 sub-blocks of 16 columns, each with a signed 8-bit scale.
//
// Weights are q + 32, unsigned; integer sums begin with -32 * sum(x) (Product::sum_factor).
// Per 256 columns: sums += x scale * (sum over sub-blocks of d scale (q . x)).
#include "kernels/avx512_products.h"
#include "kernels/avx512_tiles.h"

namespace nearside::kernels {

namespace {

struct Kernel {
  static constexpr std::size_t kBlockColumns = 256;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q6_k_panel_bytes(rows, columns);
  }

  /// Columns 64 * quarter + 4g.. of a block; g < 16. Quarters share groups of high bits.
  static inline __m512i weights(const std::byte* block, unsigned quarter, std::size_t g) {
    const __m512i both = load_group(block + 320, 16 + quarter % 2 * 16 + g);
    const __m512i nibbles = quarter < 2 ? low_nibbles(both) : high_nibbles(both);
    // Bits 2 * quarter.. of each byte move to bits 4 and 5.
    const __m512i high = load_group(block + 320, g);
    const __m512i moved = quarter < 2 ? _mm512_slli_epi16(high, 4 - 2 * quarter)
                                      : _mm512_srli_epi16(high, 2 * quarter - 4);
    // nibbles | (moved & 0x30)
    return _mm512_ternarylogic_epi32(nibbles, moved, _mm512_set1_epi8(0x30), 0xf8);
  }

  static inline __m512 scale_of(const std::byte* block, std::size_t sub) {
    const __m128i bytes =
        _mm_load_si128(reinterpret_cast<const __m128i*>(block + 64 + sub * kPanelRows));
    return _mm512_mul_ps(_mm512_load_ps(block), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)));
  }

  template <int kPanels, int kTokens>
  static inline void start(const std::int32_t* x_sums, std::size_t stride,
                           __m512i (&integers)[kPanels][kTokens]) {
#pragma GCC unroll 6
    for (int t = 0; t < kTokens; ++t)
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
        integers[p][t] = _mm512_set1_epi32(x_sums[static_cast<std::size_t>(t) * stride]);
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
      ahead.fetch();
      const std::int8_t* const values = x.values + token * x.value_stride + b * 256;
      const std::int32_t* const x_sums = x.sums + token * blocks * 16 + b * 16;
      const float* const x_scales = x.scales + token * blocks + b;
      const std::byte* block[kPanels];
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
        block[p] = panel + static_cast<std::size_t>(p) * panel_bytes + b * kQ6_KPanelBlockBytes;
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
            for (int p = 0; p < kPanels; ++p) w[p] = weights(block[p], quarter, 4 * k + g);
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
          for (int p = 0; p < kPanels; ++p) scales[p] = scale_of(block[p], sub);
          add_scaled<kPanels, kTokens>(integers, scales, partial);
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

constinit const Product kAvx512Q6_K = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -32,
                                       .packed_bytes = q6_k_panel_bytes,
                                       .pack = pack_q6_k_panels,
                                       .multiply = multiply_panels<Kernel>};

}  // namespace nearside::kernels
