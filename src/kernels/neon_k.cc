// NEON products of the K formats: Q4_K, Q5_K and Q6_K. The AVX-512 files explain the arithmetic.
#include "kernels/neon_products.h"
#include "kernels/neon_tiles.h"

namespace nearside::kernels {

namespace {

/// One byte of each 32-bit lane, as a number.
inline int32x4_t byte_of(uint32x4_t words, std::size_t byte) {
  const uint32x4_t down = vshlq_u32(words, vdupq_n_s32(-8 * static_cast<std::int32_t>(byte)));
  return vreinterpretq_s32_u32(vandq_u32(down, vdupq_n_u32(255)));
}

/// sums[t] += partial[t] * scale of x in block b.
template <int kTokens>
inline void add_scaled(const Sums<kTokens>& partial, const Activations& x, std::size_t token,
                       std::size_t b, Sums<kTokens>& sums) {
  for (int t = 0; t < kTokens; ++t)
    for (std::size_t v = 0; v < kVectors; ++v)
      sums[t][v] =
          vfmaq_n_f32(sums[t][v], partial[t][v],
                      x.scales[(token + static_cast<std::size_t>(t)) * (x.columns / 256) + b]);
}

/// The scales and minima of four rows of one Q4_K or Q5_K block.
struct BlockScales {
  float32x4_t d;
  float32x4_t minus_dmin;
  uint32x4_t scale[2];    // bytes: sub-blocks 0..3, 4..7
  uint32x4_t minimum[2];  // bytes: sub-blocks 0, 2, 1, 3 and 4, 6, 5, 7 (panels.cc)

  BlockScales(const std::byte* block, std::size_t half, std::size_t v) {
    const std::size_t row = half * kHalfRows + 4 * v;
    d = load_halves(block + row * 2);
    minus_dmin = vnegq_f32(load_halves(block + 32 + row * 2));
    const auto words = [&](std::size_t index) {
      return vld1q_u32(reinterpret_cast<const std::uint32_t*>(block + index * kGroupBytes) + row);
    };
    const uint32x4_t a = words(1);
    const uint32x4_t b = words(2);
    const uint32x4_t c = words(3);
    const uint32x4_t six = vdupq_n_u32(0x3f3f3f3f);
    const uint32x4_t upper = vdupq_n_u32(0x30303030);  // the two top bits, shifted right by two
    const uint32x4_t nibble = vdupq_n_u32(0x0f0f0f0f);
    scale[0] = vandq_u32(a, six);
    scale[1] = vorrq_u32(vandq_u32(c, nibble), vandq_u32(vshrq_n_u32(a, 2), upper));
    minimum[0] = vandq_u32(b, six);
    minimum[1] =
        vorrq_u32(vandq_u32(vshrq_n_u32(c, 4), nibble), vandq_u32(vshrq_n_u32(b, 2), upper));
  }

  [[nodiscard]] float32x4_t of(std::size_t sub) const {
    return vmulq_f32(d, vcvtq_f32_s32(byte_of(scale[sub / 4], sub % 4)));
  }
  /// -dmin times the sum over sub-blocks of minimum times the sum of x. Shape: pair_sums [8].
  [[nodiscard]] float32x4_t minima(const std::int16_t* pair_sums) const {
    constexpr std::size_t kByte[4] = {0, 2, 1, 3};
    int32x4_t sum = vdupq_n_s32(0);
    for (std::size_t sub = 0; sub < 8; ++sub)
      sum = vmlaq_n_s32(sum, byte_of(minimum[sub / 4], kByte[sub % 4]), pair_sums[sub]);
    return vmulq_f32(vcvtq_f32_s32(sum), minus_dmin);
  }
};

/// Q4_K and Q5_K.
template <bool kFifthBit>
struct Q45Kernel {
  static constexpr std::size_t kBlockBytes =
      kFifthBit ? kQ5_KPanelBlockBytes : kQ4_KPanelBlockBytes;
  static constexpr std::size_t kLowGroup = kFifthBit ? 8 : 0;

  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return kFifthBit ? q5_k_panel_bytes(rows, columns) : q4_k_panel_bytes(rows, columns);
  }

  static inline int8x16_t weights(const std::byte* groups, std::size_t sub, std::size_t g,
                                  std::size_t v) {
    const uint8x16_t both = load_rows(groups, kLowGroup + sub / 2 * 8 + g, v);
    const uint8x16_t low = sub % 2 == 1 ? high_nibbles(both) : low_nibbles(both);
    if constexpr (!kFifthBit) {
      return vreinterpretq_s8_u8(low);
    } else {
      const uint8x16_t down = vshlq_u8(
          load_rows(groups, g, v), vdupq_n_s8(static_cast<std::int8_t>(-static_cast<int>(sub))));
      const uint8x16_t bit = vandq_u8(down, vdupq_n_u8(1));
      return vreinterpretq_s8_u8(vorrq_u8(low, vshlq_n_u8(bit, 4)));
    }
  }

  template <int kTokens>
  static inline void tile(const std::byte* panel, std::size_t half, const Activations& x,
                          std::size_t token, Sums<kTokens>& sums) {
    set_zero<kTokens>(sums);
    for (std::size_t b = 0; b < x.columns / 256; ++b) {
      const std::byte* const block = panel + b * kBlockBytes;
      const std::byte* const groups = block + 256 + half * (kGroupBytes / 2);
      const BlockScales scales[kVectors] = {{block, half, 0}, {block, half, 1}};
      Sums<kTokens> partial;
      for (int t = 0; t < kTokens; ++t)
        for (std::size_t v = 0; v < kVectors; ++v)
          partial[t][v] = scales[v].minima(
              x.pair_sums + (token + static_cast<std::size_t>(t)) * (x.columns / 32) + b * 8);
      for (std::size_t sub = 0; sub < 8; ++sub) {
        Integers<kTokens> integers;
        for (auto& one : integers)
          for (int32x4_t& integer : one) integer = vdupq_n_s32(0);
        add_products<8, kTokens>(
            [&](std::size_t g, std::size_t v) { return weights(groups, sub, g, v); },
            x.values + token * x.value_stride + b * 256 + sub * 32, x.value_stride, integers);
        for (std::size_t v = 0; v < kVectors; ++v) {
          const float32x4_t scale = scales[v].of(sub);
          for (int t = 0; t < kTokens; ++t)
            partial[t][v] = vfmaq_f32(partial[t][v], vcvtq_f32_s32(integers[t][v]), scale);
        }
      }
      add_scaled<kTokens>(partial, x, token, b, sums);
    }
  }
};

struct Q6_KKernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q6_k_panel_bytes(rows, columns);
  }

  /// Group g of the 64 in the block.
  static inline int8x16_t weights(const std::byte* groups, std::size_t g, std::size_t v) {
    const uint8x16_t both = load_rows(groups, 16 + g % 32, v);
    const uint8x16_t low = g < 32 ? low_nibbles(both) : high_nibbles(both);
    const auto shift = static_cast<std::int8_t>(-static_cast<int>(g / 16 * 2));
    const uint8x16_t bits =
        vandq_u8(vshlq_u8(load_rows(groups, g % 16, v), vdupq_n_s8(shift)), vdupq_n_u8(3));
    return vreinterpretq_s8_u8(vorrq_u8(low, vshlq_n_u8(bits, 4)));
  }

  template <int kTokens>
  static inline void tile(const std::byte* panel, std::size_t half, const Activations& x,
                          std::size_t token, Sums<kTokens>& sums) {
    set_zero<kTokens>(sums);
    for (std::size_t b = 0; b < x.columns / 256; ++b) {
      const std::byte* const block = panel + b * kQ6_KPanelBlockBytes;
      const std::byte* const groups = block + 320 + half * (kGroupBytes / 2);
      Sums<kTokens> partial;
      set_zero<kTokens>(partial);
      for (std::size_t sub = 0; sub < 16; ++sub) {
        Integers<kTokens> integers;
        for (int t = 0; t < kTokens; ++t)
          for (int32x4_t& integer : integers[t])
            integer = vdupq_n_s32(
                x.sums[(token + static_cast<std::size_t>(t)) * (x.columns / 16) + b * 16 + sub]);
        add_products<4, kTokens>(
            [&](std::size_t g, std::size_t v) { return weights(groups, sub * 4 + g, v); },
            x.values + token * x.value_stride + b * 256 + sub * 16, x.value_stride, integers);
        for (std::size_t v = 0; v < kVectors; ++v) {
          const std::size_t row = half * kHalfRows + 4 * v;
          const float32x4_t d = vld1q_f32(reinterpret_cast<const float*>(block) + row);
          std::int32_t four;
          std::memcpy(&four, block + 64 + sub * kPanelRows + row, 4);
          const int16x8_t words = vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four)));
          const float32x4_t scale = vmulq_f32(d, vcvtq_f32_s32(vmovl_s16(vget_low_s16(words))));
          for (int t = 0; t < kTokens; ++t)
            partial[t][v] = vfmaq_f32(partial[t][v], vcvtq_f32_s32(integers[t][v]), scale);
        }
      }
      add_scaled<kTokens>(partial, x, token, b, sums);
    }
  }
};

}  // namespace

constinit const Product kNeonQ4_K = {.name = "16-row panels, neon dot",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = 0,
                                     .packed_bytes = q4_k_panel_bytes,
                                     .pack = pack_q4_k_panels,
                                     .multiply = multiply_panels<Q45Kernel<false>>};
constinit const Product kNeonQ5_K = {.name = "16-row panels, neon dot",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = 0,
                                     .packed_bytes = q5_k_panel_bytes,
                                     .pack = pack_q5_k_panels,
                                     .multiply = multiply_panels<Q45Kernel<true>>};
constinit const Product kNeonQ6_K = {.name = "16-row panels, neon dot",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = -32,
                                     .packed_bytes = q6_k_panel_bytes,
                                     .pack = pack_q6_k_panels,
                                     .multiply = multiply_panels<Q6_KKernel>};

}  // namespace nearside::kernels
