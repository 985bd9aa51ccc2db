// AVX-512 VNNI products of Q2_K, Q3_K and Q6_K.
#include "kernels/avx512_blocks16.h"

namespace nearside::kernels {

namespace {

/// Signed 8-bit scales [sub-block, row], times the row's f32 d.
inline __m512 signed_scale(const std::byte* block, std::size_t sub) {
  const __m128i bytes =
      _mm_load_si128(reinterpret_cast<const __m128i*>(block + 64 + sub * kPanelRows));
  return _mm512_mul_ps(_mm512_load_ps(block), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)));
}

struct Q6_KBlocks {
  static constexpr std::size_t kBlockBytes = kQ6_KPanelBlockBytes;
  static constexpr bool kMinima = false;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q6_k_panel_bytes(rows, columns);
  }
  /// Quarters share groups of high bits.
  static inline __m512i weights(const std::byte* block, unsigned quarter, std::size_t g) {
    const __m512i both = load_group(block + 320, 16 + quarter % 2 * 16 + g);
    const __m512i nibbles = quarter < 2 ? low_nibbles(both) : high_nibbles(both);
    const __m512i moved = move_pair(load_group(block + 320, g), quarter, 4);
    // nibbles | (moved & 0x30)
    return _mm512_ternarylogic_epi32(nibbles, moved, _mm512_set1_epi8(0x30), 0xf8);
  }
  static inline __m512 scale_of(const std::byte* block, std::size_t sub) {
    return signed_scale(block, sub);
  }
};

struct Q3_KBlocks {
  static constexpr std::size_t kBlockBytes = kQ3_KPanelBlockBytes;
  static constexpr bool kMinima = false;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q3_k_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* block, unsigned quarter, std::size_t g) {
    const __m512i low =
        _mm512_and_si512(move_pair(load_group(block + 320, g), quarter, 0), _mm512_set1_epi8(3));
    // Bit 2 * quarter + g / 8 of each byte moves to bit 2.
    const __m128i count = _mm_cvtsi32_si128(static_cast<int>(2 * quarter + g / 8));
    const __m512i third = _mm512_slli_epi16(
        _mm512_and_si512(_mm512_srl_epi16(load_group(block + 320, 16 + g % 8), count),
                         _mm512_set1_epi8(1)),
        2);
    return _mm512_or_si512(low, third);
  }
  static inline __m512 scale_of(const std::byte* block, std::size_t sub) {
    return signed_scale(block, sub);
  }
};

struct Q2_KBlocks {
  static constexpr std::size_t kBlockBytes = kQ2_KPanelBlockBytes;
  static constexpr bool kMinima = true;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q2_k_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* block, unsigned quarter, std::size_t g) {
    return _mm512_and_si512(move_pair(load_group(block + 320, g), quarter, 0), _mm512_set1_epi8(3));
  }
  static inline __m512i bytes_of(const std::byte* block, std::size_t sub) {
    return _mm512_cvtepu8_epi32(
        _mm_load_si128(reinterpret_cast<const __m128i*>(block + 64 + sub * kPanelRows)));
  }
  static inline __m512 scale_of(const std::byte* block, std::size_t sub) {
    const __m512i scales = _mm512_and_si512(bytes_of(block, sub), _mm512_set1_epi32(15));
    return _mm512_mul_ps(load_halves(block), _mm512_cvtepi32_ps(scales));
  }
  static inline __m512 minimum_of(const std::byte* block, std::size_t sub) {
    const __m512i minima = _mm512_srli_epi32(bytes_of(block, sub), 4);
    return _mm512_mul_ps(load_halves(block + 32), _mm512_cvtepi32_ps(minima));
  }
};

}  // namespace

constinit const Product kAvx512Q2_K = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = 1,
                                       .packed_bytes = q2_k_panel_bytes,
                                       .pack = pack_q2_k_panels,
                                       .multiply = multiply_panels<Blocks16Kernel<Q2_KBlocks>>};
constinit const Product kAvx512Q3_K = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -4,
                                       .packed_bytes = q3_k_panel_bytes,
                                       .pack = pack_q3_k_panels,
                                       .multiply = multiply_panels<Blocks16Kernel<Q3_KBlocks>>};
constinit const Product kAvx512Q6_K = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -32,
                                       .packed_bytes = q6_k_panel_bytes,
                                       .pack = pack_q6_k_panels,
                                       .multiply = multiply_panels<Blocks16Kernel<Q6_KBlocks>>};

}  // namespace nearside::kernels
