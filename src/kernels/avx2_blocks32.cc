// AVX2 products of formats with one scale for 32 columns: Q4_0 and Q8_0.
#include "kernels/avx2_products.h"
#include "kernels/avx2_tiles.h"

namespace nearside::kernels {

namespace {

/// `kGroups` groups a block; `block_products(groups, values, integers)` adds one block's products.
template <int kTokens, std::size_t kGroups, typename BlockProducts>
inline void over_blocks(const std::byte* panel, std::size_t half, const Activations& x,
                        std::size_t token, bool with_sums, __m256 (&sums)[kTokens],
                        BlockProducts block_products) {
  const std::size_t blocks = x.columns / 32;
  const std::byte* const scales = panel + blocks * kGroups * kGroupBytes + half * kHalfRows * 2;
  for (__m256& sum : sums) sum = _mm256_setzero_ps();
  for (std::size_t b = 0; b < blocks; ++b) {
    __m256i integers[kTokens];
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t)
      integers[t] =
          with_sums ? _mm256_set1_epi32(x.sums[(token + static_cast<std::size_t>(t)) * blocks + b])
                    : _mm256_setzero_si256();
    block_products(panel + half * (kGroupBytes / 2) + b * kGroups * kGroupBytes,
                   x.values + token * x.value_stride + b * 32, integers);
    const __m256 w_scale = load_halves(scales + b * kPanelRows * 2);
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t) {
      const __m256 scale = _mm256_mul_ps(
          w_scale, _mm256_set1_ps(x.scales[(token + static_cast<std::size_t>(t)) * blocks + b]));
      sums[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(integers[t]), scale, sums[t]);
    }
  }
}

struct Q4_0Kernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q4_0_panel_bytes(rows, columns);
  }
  template <int kTokens>
  static inline void tile(const std::byte* panel, std::size_t half, const Activations& x,
                          std::size_t token, __m256 (&sums)[kTokens]) {
    over_blocks<kTokens, 4>(
        panel, half, x, token, true, sums,
        [&](const std::byte* groups, const std::int8_t* values, __m256i(&integers)[kTokens]) {
          add_products<8, 8>(
              [&](std::size_t g) {
                const __m256i both = load_half_group(groups, g % 4);
                return g < 4 ? _mm256_and_si256(both, _mm256_set1_epi8(15))
                             : shift_down_to_nibbles(both);
              },
              values, x.value_stride, integers);
        });
  }
};

/// Signed times signed: |w| * (x with the sign of w). 2 * 128 * 127 fits 16 bits, so every group
/// is widened at once.
struct Q8_0Kernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q8_0_panel_bytes(rows, columns);
  }
  template <int kTokens>
  static inline void tile(const std::byte* panel, std::size_t half, const Activations& x,
                          std::size_t token, __m256 (&sums)[kTokens]) {
    const __m256i ones = _mm256_set1_epi16(1);
    over_blocks<kTokens, 8>(
        panel, half, x, token, false, sums,
        [&](const std::byte* groups, const std::int8_t* values, __m256i(&integers)[kTokens]) {
#pragma GCC unroll 8
          for (std::size_t g = 0; g < 8; ++g) {
            const __m256i w = _mm256_xor_si256(load_half_group(groups, g), _mm256_set1_epi8(-128));
            const __m256i magnitude = _mm256_abs_epi8(w);
#pragma GCC unroll 4
            for (int t = 0; t < kTokens; ++t) {
              const __m256i four =
                  broadcast_four(values + static_cast<std::size_t>(t) * x.value_stride + 4 * g);
              const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(four, w));
              integers[t] = _mm256_add_epi32(integers[t], _mm256_madd_epi16(pairs, ones));
            }
          }
        });
  }
};

}  // namespace

constinit const Product kAvx2Q4_0 = {.name = "16-row panels, avx2",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = -8,
                                     .packed_bytes = q4_0_panel_bytes,
                                     .pack = pack_q4_0_panels,
                                     .multiply = multiply_panels<Q4_0Kernel>};
constinit const Product kAvx2Q8_0 = {.name = "16-row panels, avx2",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = 0,
                                     .packed_bytes = q8_0_panel_bytes,
                                     .pack = pack_q8_0_panels,
                                     .multiply = multiply_panels<Q8_0Kernel>};

}  // namespace nearside::kernels
