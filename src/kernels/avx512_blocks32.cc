// AVX-512 VNNI products of Q4_0 and Q8_0.
#include "kernels/avx512_blocks32.h"

namespace nearside::kernels {

namespace {

struct Q4_0Blocks {
  static constexpr std::size_t kGroups = 4;
  static constexpr Scale kScale = Scale::kNeverZero;
  static constexpr bool kMinima = false;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q4_0_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* groups, std::size_t g) {
    const __m512i both = load_group(groups, g % 4);
    return g < 4 ? low_nibbles(both) : high_nibbles(both);
  }
};

struct Q8_0Blocks {
  static constexpr std::size_t kGroups = 8;
  static constexpr Scale kScale = Scale::kNeverZero;
  static constexpr bool kMinima = false;
  static std::size_t panel_bytes(std::size_t rows, std::size_t columns) {
    return q8_0_panel_bytes(rows, columns);
  }
  static inline __m512i weights(const std::byte* groups, std::size_t g) {
    return load_group(groups, g);
  }
};

}  // namespace

constinit const Product kAvx512Q4_0 = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -8,
                                       .packed_bytes = q4_0_panel_bytes,
                                       .pack = pack_q4_0_panels,
                                       .tile_rows = tile_rows<Blocks32Kernel<Q4_0Blocks>>,
                                       .multiply = multiply_panels<Blocks32Kernel<Q4_0Blocks>>};
constinit const Product kAvx512Q8_0 = {.name = "16-row panels, avx512 vnni",
                                       .rows_per_panel = kPanelRows,
                                       .sum_factor = -128,
                                       .packed_bytes = q8_0_panel_bytes,
                                       .pack = pack_q8_0_panels,
                                       .tile_rows = tile_rows<Blocks32Kernel<Q8_0Blocks>>,
                                       .multiply = multiply_panels<Blocks32Kernel<Q8_0Blocks>>};

}  // namespace nearside::kernels
