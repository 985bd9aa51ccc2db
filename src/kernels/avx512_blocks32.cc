// AVX-512 VNNI products of formats with one scale for 32 columns: Q4_0 and Q8_0.
//
// Weights are unsigned (q + offset) as vpdpbusd wants them; the integer sums begin with
// -offset * sum(x), which the activations carry already multiplied (Product::sum_factor). Per block
// sums += float(integers) * (w scale * 2^power), and at the end sums * base: the scale of x costs
// an integer addition instead of a multiplication, which would compete with vpdpbusd for its
// execution units.
#include "kernels/avx512_products.h"
#include "kernels/avx512_tiles.h"

namespace nearside::kernels {

namespace {

struct Q4_0Blocks {
  static constexpr std::size_t kGroups = 4;  // stored for a block
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q4_0_panel_bytes(rows, columns);
  }
  /// Columns 4g.. of the block whose groups these are; g < 8.
  static inline __m512i weights(const std::byte* groups, std::size_t g) {
    const __m512i both = load_group(groups, g % 4);
    return g < 4 ? low_nibbles(both) : high_nibbles(both);
  }
};

struct Q8_0Blocks {
  static constexpr std::size_t kGroups = 8;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q8_0_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* groups, std::size_t g) {
    return load_group(groups, g);
  }
};

template <typename Blocks>
struct Kernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return Blocks::panel_bytes(rows, columns);
  }
  static const std::byte* groups_of(const std::byte* panel, std::size_t block) {
    return panel + block * Blocks::kGroups * kGroupBytes;
  }
  static __m512 scale_of(const std::byte* panel, std::size_t blocks, std::size_t block) {
    return load_halves(panel + blocks * Blocks::kGroups * kGroupBytes + block * kPanelRows * 2);
  }

  template <int kPanels, int kTokens>
  static inline void start(const std::int32_t* x_sums, std::size_t blocks,
                           __m512i (&integers)[kPanels][kTokens]) {
#pragma GCC unroll 6
    for (int t = 0; t < kTokens; ++t)
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
        integers[p][t] = _mm512_set1_epi32(x_sums[static_cast<std::size_t>(t) * blocks]);
  }

  template <int kPanels, int kTokens>
  static inline void add_scaled(const __m512i (&integers)[kPanels][kTokens],
                                const __m512 (&scales)[kPanels], const std::int32_t* powers,
                                std::size_t blocks, __m512 (&sums)[kPanels][kTokens]) {
#pragma GCC unroll 6
    for (int t = 0; t < kTokens; ++t)
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
        sums[p][t] = _mm512_fmadd_ps(
            _mm512_cvtepi32_ps(integers[p][t]),
            times_power(scales[p], powers[static_cast<std::size_t>(t) * blocks]), sums[p][t]);
  }

  static inline __m512 finish(__m512 sum, const Activations& x, std::size_t token) {
    return _mm512_mul_ps(sum, _mm512_set1_ps(x.bases[token]));
  }

  template <int kPanels, int kTokens>
  static inline void tile(const std::byte* panel, std::size_t panel_bytes, const Activations& x,
                          std::size_t token, __m512 (&sums)[kPanels][kTokens]) {
    const std::size_t blocks = x.columns / 32;
    clear(sums);
    for (std::size_t b = 0; b < blocks; ++b) {
      __m512i integers[kPanels][kTokens];
      start<kPanels, kTokens>(x.sums + token * blocks + b, blocks, integers);
      const std::int8_t* const values = x.values + token * x.value_stride + b * 32;
#pragma GCC unroll 8
      for (std::size_t g = 0; g < 8; ++g) {
        __m512i w[kPanels];
#pragma GCC unroll 2
        for (int p = 0; p < kPanels; ++p)
          w[p] =
              Blocks::weights(groups_of(panel + static_cast<std::size_t>(p) * panel_bytes, b), g);
#pragma GCC unroll 6
        for (int t = 0; t < kTokens; ++t) {
          const __m512i four =
              broadcast_four(values + static_cast<std::size_t>(t) * x.value_stride + 4 * g);
#pragma GCC unroll 2
          for (int p = 0; p < kPanels; ++p)
            integers[p][t] = _mm512_dpbusd_epi32(integers[p][t], w[p], four);
        }
      }
      __m512 scales[kPanels];
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
        scales[p] = scale_of(panel + static_cast<std::size_t>(p) * panel_bytes, blocks, b);
      add_scaled<kPanels, kTokens>(integers, scales, x.powers + token * blocks + b, blocks, sums);
    }
    for (int p = 0; p < kPanels; ++p)
      for (int t = 0; t < kTokens; ++t)
        sums[p][t] = finish(sums[p][t], x, token + static_cast<std::size_t>(t));
  }
};

}  // namespace

constinit const Product kAvx512Q4_0 = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -8,
                                       .packed_bytes = q4_0_panel_bytes,
                                       .pack = pack_q4_0_panels,
                                       .multiply = multiply_panels<Kernel<Q4_0Blocks>>};
constinit const Product kAvx512Q8_0 = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -128,
                                       .packed_bytes = q8_0_panel_bytes,
                                       .pack = pack_q8_0_panels,
                                       .multiply = multiply_panels<Kernel<Q8_0Blocks>>};

}  // namespace nearside::kernels
