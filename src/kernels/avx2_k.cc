// AVX2 products of the K formats: Q4_K, Q5_K and Q6_K. The AVX-512 files explain the arithmetic.
#include "kernels/avx2_products.h"
#include "kernels/avx2_tiles.h"

namespace nearside::kernels {

namespace {

inline __m256i low_nibbles(__m256i both) { return _mm256_and_si256(both, _mm256_set1_epi8(15)); }

/// sums[t] += partial[t] * scale of x in block b.
template <int kTokens>
inline void add_scaled(const __m256 (&partial)[kTokens], const Activations& x, std::size_t token,
                       std::size_t b, __m256 (&sums)[kTokens]) {
  const float* const scales = x.scales + token * (x.columns / 256) + b;
  for (int t = 0; t < kTokens; ++t)
    sums[t] = _mm256_fmadd_ps(
        partial[t], _mm256_set1_ps(scales[static_cast<std::size_t>(t) * (x.columns / 256)]),
        sums[t]);
}

/// The scales and minima of 8 rows of one Q4_K or Q5_K block.
struct BlockScales {
  __m256 d;
  __m256 minus_dmin;
  __m256i scale[2];    // bytes: sub-blocks 0..3, 4..7
  __m256i minimum[4];  // pairs of 16 bits: sub-blocks (0, 1), (2, 3), (4, 5), (6, 7)

  BlockScales(const std::byte* block, std::size_t half) {
    d = load_halves(block + half * kHalfRows * 2);
    minus_dmin = _mm256_sub_ps(_mm256_setzero_ps(), load_halves(block + 32 + half * kHalfRows * 2));
    const std::byte* const words = block + half * (kGroupBytes / 2);
    const __m256i a = load_half_group(words, 1);
    const __m256i b = load_half_group(words, 2);
    const __m256i c = load_half_group(words, 3);
    const __m256i six = _mm256_set1_epi8(63);
    const __m256i upper = _mm256_set1_epi8(0x30);  // the two top bits, shifted right by two
    scale[0] = _mm256_and_si256(a, six);
    scale[1] = _mm256_or_si256(low_nibbles(c), _mm256_and_si256(_mm256_srli_epi32(a, 2), upper));
    const __m256i minima[2] = {_mm256_and_si256(b, six),
                               _mm256_or_si256(shift_down_to_nibbles(c),
                                               _mm256_and_si256(_mm256_srli_epi32(b, 2), upper))};
    const __m256i even = _mm256_set1_epi32(0x00ff00ff);
    for (int i = 0; i < 2; ++i) {
      minimum[2 * i] = _mm256_and_si256(minima[i], even);
      minimum[2 * i + 1] = _mm256_and_si256(_mm256_srli_epi32(minima[i], 8), even);
    }
  }

  [[nodiscard]] __m256 of(std::size_t sub) const {
    const __m256i shifted = _mm256_srli_epi32(scale[sub / 4], static_cast<int>(8 * (sub % 4)));
    return _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_and_si256(shifted, _mm256_set1_epi32(255))));
  }
};

/// Q4_K and Q5_K. The largest weights, 15 and 31, allow 8 and 4 groups before widening.
template <bool kFifthBit>
struct Q45Kernel {
  static constexpr std::size_t kBlockBytes =
      kFifthBit ? kQ5_KPanelBlockBytes : kQ4_KPanelBlockBytes;
  static constexpr std::size_t kLowGroup = kFifthBit ? 8 : 0;

  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return kFifthBit ? q5_k_panel_bytes(rows, columns) : q4_k_panel_bytes(rows, columns);
  }

  static inline __m256i weights(const std::byte* groups, std::size_t sub, std::size_t g) {
    const __m256i both = load_half_group(groups, kLowGroup + sub / 2 * 8 + g);
    const __m256i low = sub % 2 == 1 ? shift_down_to_nibbles(both) : low_nibbles(both);
    if constexpr (!kFifthBit) {
      return low;
    } else {
      const __m256i bit = _mm256_srli_epi16(load_half_group(groups, g), static_cast<int>(sub));
      const __m256i moved = _mm256_slli_epi16(_mm256_and_si256(bit, _mm256_set1_epi8(1)), 4);
      return _mm256_or_si256(low, moved);
    }
  }

  template <int kTokens>
  static inline void tile(const std::byte* panel, std::size_t half, const Activations& x,
                          std::size_t token, __m256 (&sums)[kTokens]) {
    for (__m256& sum : sums) sum = _mm256_setzero_ps();
    for (std::size_t b = 0; b < x.columns / 256; ++b) {
      const std::byte* const block = panel + b * kBlockBytes;
      const std::byte* const groups = block + 256 + half * (kGroupBytes / 2);
      const BlockScales scales(block, half);
      __m256 partial[kTokens];
      for (int t = 0; t < kTokens; ++t) {
        const std::int16_t* const pair_sums =
            x.pair_sums + (token + static_cast<std::size_t>(t)) * (x.columns / 32) + b * 8;
        __m256i minima = _mm256_setzero_si256();
        for (int i = 0; i < 4; ++i) {
          std::int32_t pair;
          std::memcpy(&pair, pair_sums + 2 * i, 4);
          minima = _mm256_add_epi32(minima,
                                    _mm256_madd_epi16(scales.minimum[i], _mm256_set1_epi32(pair)));
        }
        partial[t] = _mm256_mul_ps(_mm256_cvtepi32_ps(minima), scales.minus_dmin);
      }
      for (std::size_t sub = 0; sub < 8; ++sub) {
        __m256i integers[kTokens];
        for (__m256i& integer : integers) integer = _mm256_setzero_si256();
        add_products<8, kFifthBit ? 4 : 8>([&](std::size_t g) { return weights(groups, sub, g); },
                                           x.values + token * x.value_stride + b * 256 + sub * 32,
                                           x.value_stride, integers);
        const __m256 scale = scales.of(sub);
        for (int t = 0; t < kTokens; ++t)
          partial[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(integers[t]), scale, partial[t]);
      }
      add_scaled<kTokens>(partial, x, token, b, sums);
    }
  }
};

/// The largest weight, 63, allows 2 groups before widening.
struct Q6_KKernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q6_k_panel_bytes(rows, columns);
  }

  /// Group g of the 64 in the block.
  static inline __m256i weights(const std::byte* groups, std::size_t g) {
    const __m256i both = load_half_group(groups, 16 + g % 32);
    const __m256i low = g < 32 ? low_nibbles(both) : shift_down_to_nibbles(both);
    const __m256i bits =
        _mm256_srli_epi16(load_half_group(groups, g % 16), static_cast<int>(g / 16 * 2));
    return _mm256_or_si256(low, _mm256_slli_epi16(_mm256_and_si256(bits, _mm256_set1_epi8(3)), 4));
  }

  template <int kTokens>
  static inline void tile(const std::byte* panel, std::size_t half, const Activations& x,
                          std::size_t token, __m256 (&sums)[kTokens]) {
    for (__m256& sum : sums) sum = _mm256_setzero_ps();
    for (std::size_t b = 0; b < x.columns / 256; ++b) {
      const std::byte* const block = panel + b * kQ6_KPanelBlockBytes;
      const std::byte* const groups = block + 320 + half * (kGroupBytes / 2);
      const __m256 d = _mm256_load_ps(reinterpret_cast<const float*>(block) + half * kHalfRows);
      __m256 partial[kTokens];
      for (__m256& part : partial) part = _mm256_setzero_ps();
      for (std::size_t sub = 0; sub < 16; ++sub) {
        __m256i integers[kTokens];
        for (int t = 0; t < kTokens; ++t)
          integers[t] = _mm256_set1_epi32(
              x.sums[(token + static_cast<std::size_t>(t)) * (x.columns / 16) + b * 16 + sub]);
        add_products<4, 2>([&](std::size_t g) { return weights(groups, sub * 4 + g); },
                           x.values + token * x.value_stride + b * 256 + sub * 16, x.value_stride,
                           integers);
        const __m128i bytes = _mm_loadl_epi64(
            reinterpret_cast<const __m128i*>(block + 64 + sub * kPanelRows + half * kHalfRows));
        const __m256 scale = _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)));
        for (int t = 0; t < kTokens; ++t)
          partial[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(integers[t]), scale, partial[t]);
      }
      add_scaled<kTokens>(partial, x, token, b, sums);
    }
  }
};

}  // namespace

constinit const Product kAvx2Q4_K = {.name = "16-row panels, avx2",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = 0,
                                     .packed_bytes = q4_k_panel_bytes,
                                     .pack = pack_q4_k_panels,
                                     .multiply = multiply_panels<Q45Kernel<false>>};
constinit const Product kAvx2Q5_K = {.name = "16-row panels, avx2",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = 0,
                                     .packed_bytes = q5_k_panel_bytes,
                                     .pack = pack_q5_k_panels,
                                     .multiply = multiply_panels<Q45Kernel<true>>};
constinit const Product kAvx2Q6_K = {.name = "16-row panels, avx2",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = -32,
                                     .packed_bytes = q6_k_panel_bytes,
                                     .pack = pack_q6_k_panels,
                                     .multiply = multiply_panels<Q6_KKernel>};

}  // namespace nearside::kernels
