// AVX-512 VNNI products of Q6_K: 16 sub-blocks of 16 columns, each with a signed 8-bit scale.
//
// Weights are q + 32, unsigned; integer sums begin with -32 * sum(x) (Product::sum_factor). Column
// groups come in the order in which the packed high bits hold them, so sub-blocks are summed in the
// order 0, 4, 8, 12, 1, 5, ...
#include "kernels/avx512_products.h"
#include "kernels/avx512_tiles.h"

namespace nearside::kernels {

namespace {

struct Q6_KKernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q6_k_panel_bytes(rows, columns);
  }

  /// Group g (of the 16 with shared high bits) of quarter kQuarter: columns 64 * kQuarter + 4g...
  template <std::size_t kQuarter>
  static inline __m512i weights(const std::byte* block, std::size_t g) {
    const __m512i high = load_group(block + 320, g);
    const __m512i low = load_group(block + 320, 16 + kQuarter % 2 * 16 + g);
    const __m512i nibbles =
        _mm512_and_si512(kQuarter < 2 ? low : _mm512_srli_epi16(low, 4), _mm512_set1_epi8(15));
    __m512i moved;  // bits 2 * kQuarter.. move to bits 4 and 5
    if constexpr (kQuarter < 2)
      moved = _mm512_slli_epi16(high, 4 - 2 * kQuarter);
    else
      moved = _mm512_srli_epi16(high, 2 * kQuarter - 4);
    // nibbles | (moved & 0x30)
    return _mm512_ternarylogic_epi32(nibbles, moved, _mm512_set1_epi8(0x30), 0xf8);
  }

  /// Sub-block 4 * kQuarter + k.
  template <std::size_t kQuarter, int kPanels, int kTokens>
  static inline void sub_block(const std::byte* const* blocks, std::size_t k, const __m512* d,
                               const std::int8_t* values, std::size_t stride,
                               const std::int32_t* x_sums, __m512 (&partial)[kPanels][kTokens]) {
    const std::size_t sub = 4 * kQuarter + k;
    __m512i integers[kPanels][kTokens];
#pragma GCC unroll 6
    for (int t = 0; t < kTokens; ++t)
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
        integers[p][t] =
            _mm512_set1_epi32(x_sums[static_cast<std::size_t>(t) * (stride / 16) + sub]);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      __m512i w[kPanels];
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p) w[p] = weights<kQuarter>(blocks[p], 4 * k + i);
#pragma GCC unroll 6
      for (int t = 0; t < kTokens; ++t) {
        const __m512i four =
            broadcast_four(values + static_cast<std::size_t>(t) * stride + 16 * sub + 4 * i);
#pragma GCC unroll 2
        for (int p = 0; p < kPanels; ++p)
          integers[p][t] = _mm512_dpbusd_epi32(integers[p][t], w[p], four);
      }
    }
#pragma GCC unroll 2
    for (int p = 0; p < kPanels; ++p) {
      const __m128i bytes =
          _mm_load_si128(reinterpret_cast<const __m128i*>(blocks[p] + 64 + sub * kPanelRows));
      const __m512 scale = _mm512_mul_ps(d[p], _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)));
#pragma GCC unroll 6
      for (int t = 0; t < kTokens; ++t)
        partial[p][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(integers[p][t]), scale, partial[p][t]);
    }
  }

  template <int kPanels, int kTokens>
  static inline void tile(const std::byte* panel, std::size_t panel_bytes, const Activations& x,
                          std::size_t token, __m512 (&sums)[kPanels][kTokens]) {
    const std::size_t blocks = x.columns / 256;
    const std::size_t stride = x.columns;
    for (auto& row : sums)
      for (__m512& sum : row) sum = _mm512_setzero_ps();
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::int8_t* const values = x.values + token * stride + b * 256;
      const std::int32_t* const x_sums = x.sums + token * (stride / 16) + b * 16;
      const float* const x_scales = x.scales + token * blocks + b;
      const std::byte* block[kPanels];
      __m512 d[kPanels];
      __m512 partial[kPanels][kTokens];
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p) {
        block[p] = panel + static_cast<std::size_t>(p) * panel_bytes + b * kQ6_KPanelBlockBytes;
        d[p] = _mm512_load_ps(block[p]);
#pragma GCC unroll 6
        for (int t = 0; t < kTokens; ++t) partial[p][t] = _mm512_setzero_ps();
      }
      for (std::size_t k = 0; k < 4; ++k) {
        sub_block<0, kPanels, kTokens>(block, k, d, values, stride, x_sums, partial);
        sub_block<1, kPanels, kTokens>(block, k, d, values, stride, x_sums, partial);
        sub_block<2, kPanels, kTokens>(block, k, d, values, stride, x_sums, partial);
        sub_block<3, kPanels, kTokens>(block, k, d, values, stride, x_sums, partial);
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
                                       .multiply = multiply_panels<Q6_KKernel>};

}  // namespace nearside::kernels
