// NEON products of formats with one scale for 32 columns: Q4_0 and Q8_0.
#include "kernels/neon_products.h"
#include "kernels/neon_tiles.h"

namespace nearside::kernels {

namespace {

/// `kGroups` groups a block; `block_products(groups, values, integers)` adds one block's products.
template <int kTokens, std::size_t kGroups, typename BlockProducts>
inline void over_blocks(const std::byte* panel, std::size_t half, const Activations& x,
                        std::size_t token, bool with_sums, Sums<kTokens>& sums,
                        BlockProducts block_products) {
  const std::size_t blocks = x.columns / 32;
  const std::byte* const scales = panel + blocks * kGroups * kGroupBytes + half * kHalfRows * 2;
  set_zero<kTokens>(sums);
  for (std::size_t b = 0; b < blocks; ++b) {
    Integers<kTokens> integers;
    for (int t = 0; t < kTokens; ++t)
      for (int32x4_t& integer : integers[t])
        integer =
            vdupq_n_s32(with_sums ? x.sums[(token + static_cast<std::size_t>(t)) * blocks + b] : 0);
    block_products(panel + half * (kGroupBytes / 2) + b * kGroups * kGroupBytes,
                   x.values + token * x.value_stride + b * 32, integers);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const float32x4_t w_scale = load_halves(scales + b * kPanelRows * 2 + v * 8);
      for (int t = 0; t < kTokens; ++t) {
        const float32x4_t scale =
            vmulq_n_f32(w_scale, x.scales[(token + static_cast<std::size_t>(t)) * blocks + b]);
        sums[t][v] = vfmaq_f32(sums[t][v], vcvtq_f32_s32(integers[t][v]), scale);
      }
    }
  }
}

struct Q4_0Kernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q4_0_panel_bytes(rows, columns);
  }
  template <int kTokens>
  static inline void tile(const std::byte* panel, std::size_t half, const Activations& x,
                          std::size_t token, Sums<kTokens>& sums) {
    over_blocks<kTokens, 4>(
        panel, half, x, token, true, sums,
        [&](const std::byte* groups, const std::int8_t* values, Integers<kTokens>& integers) {
          add_products<8, kTokens>(
              [&](std::size_t g, std::size_t v) {
                const uint8x16_t both = load_rows(groups, g % 4, v);
                return vreinterpretq_s8_u8(g < 4 ? low_nibbles(both) : high_nibbles(both));
              },
              values, x.value_stride, integers);
        });
  }
};

struct Q8_0Kernel {
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q8_0_panel_bytes(rows, columns);
  }
  template <int kTokens>
  static inline void tile(const std::byte* panel, std::size_t half, const Activations& x,
                          std::size_t token, Sums<kTokens>& sums) {
    over_blocks<kTokens, 8>(
        panel, half, x, token, false, sums,
        [&](const std::byte* groups, const std::int8_t* values, Integers<kTokens>& integers) {
          add_products<8, kTokens>(
              [&](std::size_t g, std::size_t v) {  // stored with 128 added
                return vreinterpretq_s8_u8(veorq_u8(load_rows(groups, g, v), vdupq_n_u8(128)));
              },
              values, x.value_stride, integers);
        });
  }
};

}  // namespace

constinit const Product kNeonQ4_0 = {.name = "16-row panels, neon dot",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = -8,
                                     .packed_bytes = q4_0_panel_bytes,
                                     .pack = pack_q4_0_panels,
                                     .multiply = multiply_panels<Q4_0Kernel>};
constinit const Product kNeonQ8_0 = {.name = "16-row panels, neon dot",
                                     .rows_per_panel = kPanelRows,
                                     .sum_factor = 0,
                                     .packed_bytes = q8_0_panel_bytes,
                                     .pack = pack_q8_0_panels,
                                     .multiply = multiply_panels<Q8_0Kernel>};

}  // namespace nearside::kernels
