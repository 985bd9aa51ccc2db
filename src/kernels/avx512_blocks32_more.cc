// AVX-512 VNNI products of Q4_1, Q5_0, Q5_1, IQ4_NL and MXFP4.
#include "kernels/avx512_blocks32.h"

namespace nearside::kernels {

namespace {

struct Q4_1Blocks {
  static constexpr std::size_t kGroups = 4;
  static constexpr Scale kScale = Scale::kAny;
  static constexpr bool kMinima = true;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q4_1_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* groups, std::size_t g) {
    const __m512i both = load_group(groups, g % 4);
    return g < 4 ? low_nibbles(both) : high_nibbles(both);
  }
};

struct Q5_0Blocks {
  static constexpr std::size_t kGroups = 5;
  static constexpr Scale kScale = Scale::kAny;
  static constexpr bool kMinima = false;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q5_0_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* groups, std::size_t g) {
    const __m512i nibbles = Q4_1Blocks::weights(groups, g);
    // Bit g of each byte moves to bit 4.
    const __m512i fifths = load_group(groups, 4);
    const __m512i moved = g < 4 ? _mm512_slli_epi16(fifths, static_cast<unsigned>(4 - g))
                                : _mm512_srli_epi16(fifths, static_cast<unsigned>(g - 4));
    // nibbles | (moved & 16)
    return _mm512_ternarylogic_epi32(nibbles, moved, _mm512_set1_epi8(16), 0xf8);
  }
};

struct Q5_1Blocks : Q5_0Blocks {
  static constexpr bool kMinima = true;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q5_1_panel_bytes(rows, columns);
  }
};

struct IQ4_NLBlocks {
  static constexpr std::size_t kGroups = 4;
  static constexpr Scale kScale = Scale::kAny;
  static constexpr bool kMinima = false;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q4_0_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* groups, std::size_t g) {
    // iq4_nl.cc's table + 128.
    const __m512i table = _mm512_broadcast_i32x4(_mm_setr_epi8(
        1, 24, 45, 63, 79, 93, 106, 118, static_cast<char>(129), static_cast<char>(141),
        static_cast<char>(153), static_cast<char>(166), static_cast<char>(181),
        static_cast<char>(197), static_cast<char>(217), static_cast<char>(241)));
    return _mm512_shuffle_epi8(table, Q4_1Blocks::weights(groups, g));
  }
};

struct MXFP4Blocks {
  static constexpr std::size_t kGroups = 4;
  static constexpr Scale kScale = Scale::kPowerOfTwo;
  static constexpr bool kMinima = false;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return mxfp4_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* groups, std::size_t g) {
    // Twice the values + 12.
    const __m512i table = _mm512_broadcast_i32x4(
        _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0));
    return _mm512_shuffle_epi8(table, Q4_1Blocks::weights(groups, g));
  }
};

}  // namespace

constinit const Product kAvx512Q4_1 = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = 1,
                                       .packed_bytes = q4_1_panel_bytes,
                                       .pack = pack_q4_1_panels,
                                       .tile_rows = tile_rows<Blocks32Kernel<Q4_1Blocks>>,
                                       .multiply = multiply_panels<Blocks32Kernel<Q4_1Blocks>>};
constinit const Product kAvx512Q5_0 = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -16,
                                       .packed_bytes = q5_0_panel_bytes,
                                       .pack = pack_q5_0_panels,
                                       .tile_rows = tile_rows<Blocks32Kernel<Q5_0Blocks>>,
                                       .multiply = multiply_panels<Blocks32Kernel<Q5_0Blocks>>};
constinit const Product kAvx512Q5_1 = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = 1,
                                       .packed_bytes = q5_1_panel_bytes,
                                       .pack = pack_q5_1_panels,
                                       .tile_rows = tile_rows<Blocks32Kernel<Q5_1Blocks>>,
                                       .multiply = multiply_panels<Blocks32Kernel<Q5_1Blocks>>};
constinit const Product kAvx512IQ4_NL = {.name = "16-row panels, avx512 vnni",
                                         .rows_per_panel = kPanelRows,
                                         .sum_factor = -128,
                                         .packed_bytes = q4_0_panel_bytes,
                                         .pack = pack_iq4_nl_panels,
                                         .tile_rows = tile_rows<Blocks32Kernel<IQ4_NLBlocks>>,
                                         .multiply = multiply_panels<Blocks32Kernel<IQ4_NLBlocks>>};
constinit const Product kAvx512MXFP4 = {.name = "16-row panels, avx512 vnni",
                                        .rows_per_panel = kPanelRows,
                                        .sum_factor = -12,
                                        .packed_bytes = mxfp4_panel_bytes,
                                        .pack = pack_mxfp4_panels,
                                        .tile_rows = tile_rows<Blocks32Kernel<MXFP4Blocks>>,
                                        .multiply = multiply_panels<Blocks32Kernel<MXFP4Blocks>>};

}  // namespace nearside::kernels
