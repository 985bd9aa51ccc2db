// AVX-512 VNNI products of formats with one scale for 32 columns: Q4_0 and Q8_0.
//
// Weights are unsigned (q + offset) as vpdpbusd wants them; the integer sums begin with
// -offset * sum(x), which the activations carry already multiplied (Product::sum_factor).
#include "kernels/avx512_products.h"
#include "kernels/avx512_tiles.h"

namespace nearside::kernels {

namespace {

/// The integer sums of one block become f32: sums += float(integers) * (w scale * x scale).
template <int kPanels, int kTokens>
inline void add_scaled(const __m512i (&integers)[kPanels][kTokens], const std::byte* const* scales,
                       const float* x_scales, std::size_t x_stride,
                       __m512 (&sums)[kPanels][kTokens]) {
#pragma GCC unroll 2
  for (int p = 0; p < kPanels; ++p) {
    const __m512 w_scale = load_halves(scales[p]);
#pragma GCC unroll 6
    for (int t = 0; t < kTokens; ++t) {
      const __m512 scale =
          _mm512_mul_ps(w_scale, _mm512_set1_ps(x_scales[static_cast<std::size_t>(t) * x_stride]));
      sums[p][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(integers[p][t]), scale, sums[p][t]);
    }
  }
}

/// A row of tiles over the blocks; `block_products` adds the integer products of one block.
template <int kPanels, int kTokens, std::size_t kGroups, typename BlockProducts>
inline void over_blocks(const std::byte* panel, std::size_t panel_bytes, const Activations& x,
                        std::size_t token, __m512 (&sums)[kPanels][kTokens],
                        BlockProducts block_products) {
  const std::size_t blocks = x.columns / 32;
  const std::int8_t* values = x.values + token * x.columns;
  const float* x_scales = x.scales + token * blocks;
  const std::int32_t* x_sums = x.sums + token * blocks;
  for (auto& row : sums)
    for (__m512& sum : row) sum = _mm512_setzero_ps();
  for (std::size_t b = 0; b < blocks; ++b) {
    __m512i integers[kPanels][kTokens];
    const std::byte* groups[kPanels];
    const std::byte* scales[kPanels];
#pragma GCC unroll 2
    for (int p = 0; p < kPanels; ++p) {
      const std::byte* const base = panel + static_cast<std::size_t>(p) * panel_bytes;
      groups[p] = base + b * kGroups * kGroupBytes;
      scales[p] = base + blocks * kGroups * kGroupBytes + b * kPanelRows * 2;
#pragma GCC unroll 6
      for (int t = 0; t < kTokens; ++t)
        integers[p][t] = _mm512_set1_epi32(x_sums[static_cast<std::size_t>(t) * blocks + b]);
    }
    block_products(groups, values + b * 32, integers);
    add_scaled<kPanels, kTokens>(integers, scales, x_scales + b, blocks, sums);
  }
}

struct Q4_0Kernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q4_0_panel_bytes(rows, columns);
  }

  template <int kPanels, int kTokens>
  static inline void tile(const std::byte* panel, std::size_t panel_bytes, const Activations& x,
                          std::size_t token, __m512 (&sums)[kPanels][kTokens]) {
    const std::size_t stride = x.columns;
    const __m512i nibble = _mm512_set1_epi8(15);
    over_blocks<kPanels, kTokens, 4>(
        panel, panel_bytes, x, token, sums,
        [&](const std::byte* const* groups, const std::int8_t* values,
            __m512i(&integers)[kPanels][kTokens]) {
#pragma GCC unroll 4
          for (std::size_t g = 0; g < 4; ++g) {
            __m512i low[kPanels];
            __m512i high[kPanels];
#pragma GCC unroll 2
            for (int p = 0; p < kPanels; ++p) {
              const __m512i both = load_group(groups[p], g);
              low[p] = _mm512_and_si512(both, nibble);
              high[p] = _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble);
            }
#pragma GCC unroll 6
            for (int t = 0; t < kTokens; ++t) {
              const std::int8_t* const of_token = values + static_cast<std::size_t>(t) * stride;
              const __m512i x_low = broadcast_four(of_token + 4 * g);
              const __m512i x_high = broadcast_four(of_token + 16 + 4 * g);
#pragma GCC unroll 2
              for (int p = 0; p < kPanels; ++p) {
                integers[p][t] = _mm512_dpbusd_epi32(integers[p][t], low[p], x_low);
                integers[p][t] = _mm512_dpbusd_epi32(integers[p][t], high[p], x_high);
              }
            }
          }
        });
  }
};

struct Q8_0Kernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q8_0_panel_bytes(rows, columns);
  }

  template <int kPanels, int kTokens>
  static inline void tile(const std::byte* panel, std::size_t panel_bytes, const Activations& x,
                          std::size_t token, __m512 (&sums)[kPanels][kTokens]) {
    const std::size_t stride = x.columns;
    over_blocks<kPanels, kTokens, 8>(
        panel, panel_bytes, x, token, sums,
        [&](const std::byte* const* groups, const std::int8_t* values,
            __m512i(&integers)[kPanels][kTokens]) {
#pragma GCC unroll 8
          for (std::size_t g = 0; g < 8; ++g) {
            __m512i w[kPanels];
#pragma GCC unroll 2
            for (int p = 0; p < kPanels; ++p) w[p] = load_group(groups[p], g);
#pragma GCC unroll 6
            for (int t = 0; t < kTokens; ++t) {
              const __m512i four =
                  broadcast_four(values + static_cast<std::size_t>(t) * stride + 4 * g);
#pragma GCC unroll 2
              for (int p = 0; p < kPanels; ++p)
                integers[p][t] = _mm512_dpbusd_epi32(integers[p][t], w[p], four);
            }
          }
        });
  }
};

}  // namespace

constinit const Product kAvx512Q4_0 = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -8,
                                       .packed_bytes = q4_0_panel_bytes,
                                       .pack = pack_q4_0_panels,
                                       .multiply = multiply_panels<Q4_0Kernel>};
constinit const Product kAvx512Q8_0 = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -128,
                                       .packed_bytes = q8_0_panel_bytes,
                                       .pack = pack_q8_0_panels,
                                       .multiply = multiply_panels<Q8_0Kernel>};

}  // namespace nearside::kernels
