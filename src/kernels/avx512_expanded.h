// Products with many tokens: 256 columns of a pair of panels are unpacked into the first-level
// cache (8 KiB of bytes and 2 KiB of scales), then every token of the part passes by. What remains
// in the inner loop is one load, one broadcast and two vpdpbusd for every 128 products.
//
// Only files compiled for AVX-512 include this; all of it has internal linkage.
#pragma once

#include "kernels/avx512_tiles.h"

namespace nearside::kernels {
namespace {

/// Tokens that share one unpacking: their f32 sums (two panels, 12 KiB) stay in the cache as well.
constexpr std::size_t kExpandedTokens = 96;
constexpr std::size_t kExpandedColumns = 256;

/// 256 columns of one panel, all formats alike.
struct alignas(64) ExpandedPanel {
  std::byte groups[kExpandedColumns / 4 * kGroupBytes];  // unsigned weights
  float scales[16][kPanelRows];                          // [sub-block, row]
  std::int32_t minima[4][kPanelRows];                    // pairs of 16 bits; Q4_K and Q5_K
  float minus_dmin[kPanelRows];
};

/// Sums of a part of tokens and a pair of panels.
struct alignas(64) ExpandedSums {
  float of[kExpandedTokens][2][kPanelRows];
};

/// integers[p][t] += products of sub-block `sub`, which has kGroups groups.
template <int kPanels, int kTokens, std::size_t kGroups>
inline void add_sub_block(const ExpandedPanel* panels, std::size_t sub, const std::int8_t* values,
                          std::size_t stride, __m512i (&integers)[kPanels][kTokens]) {
#pragma GCC unroll 8
  for (std::size_t g = 0; g < kGroups; ++g) {
    __m512i w[kPanels];
#pragma GCC unroll 2
    for (int p = 0; p < kPanels; ++p) w[p] = load_group(panels[p].groups, sub * kGroups + g);
#pragma GCC unroll 6
    for (int t = 0; t < kTokens; ++t) {
      const __m512i four =
          broadcast_four(values + static_cast<std::size_t>(t) * stride + (sub * kGroups + g) * 4);
#pragma GCC unroll 2
      for (int p = 0; p < kPanels; ++p)
        integers[p][t] = _mm512_dpbusd_epi32(integers[p][t], w[p], four);
    }
  }
}

/// `Kernel` says: expand(panel, columns, first column, count, out) and
/// expanded_tile<panels, tokens>(expanded panels, columns in them, x, token, first column, sums),
/// and finish(x, token): the factor of a token's sums at the end.
template <typename Kernel, int kPanels>
inline void multiply_expanded(const Operand& w, const std::byte* panel, std::size_t panel_bytes,
                              const Activations& x, std::size_t row, std::size_t token_begin,
                              std::size_t token_end, float* y) {
  ExpandedPanel expanded[kPanels];
  ExpandedSums sums;
  const std::size_t tokens = token_end - token_begin;
  std::memset(&sums, 0, tokens * sizeof(sums.of[0]));
  for (std::size_t c = 0; c < w.columns; c += kExpandedColumns) {
    const std::size_t count = w.columns - c < kExpandedColumns ? w.columns - c : kExpandedColumns;
    for (int p = 0; p < kPanels; ++p)
      Kernel::expand(panel + static_cast<std::size_t>(p) * panel_bytes, w.columns, c, count,
                     expanded[p]);
    for_token_tiles(0, tokens, [&]<int kTokens>(std::size_t t) {
      Kernel::template expanded_tile<kPanels, kTokens>(expanded, count, x, token_begin + t, c,
                                                       sums.of + t);
    });
  }
  for (int p = 0; p < kPanels; ++p) {
    const std::size_t first = row + static_cast<std::size_t>(p) * kPanelRows;
    const __mmask16 lanes = existing_rows(first, w.rows);
    for (std::size_t t = 0; t < tokens; ++t)
      _mm512_mask_storeu_ps(y + (token_begin + t) * w.rows + first, lanes,
                            Kernel::finish(_mm512_load_ps(sums.of[t][p]), x, token_begin + t));
  }
}

template <typename Kernel, int kPanels>
inline void multiply_panel_group(const Operand& w, const std::byte* panel, std::size_t panel_bytes,
                                 const Activations& x, const Part& part, std::size_t row,
                                 float* y) {
  if (part.token_end - part.token_begin <= Kernel::kDirectTokensMax) {
    for_token_tiles(part.token_begin, part.token_end, [&]<int kTokens>(std::size_t t) {
      __m512 sums[kPanels][kTokens];
      Kernel::template direct_tile<kPanels, kTokens>(panel, panel_bytes, x, t, sums);
      store_tile<kPanels, kTokens>(sums, row, t, w.rows, y);
    });
    return;
  }
  for (std::size_t t = part.token_begin; t < part.token_end; t += kExpandedTokens)
    multiply_expanded<Kernel, kPanels>(
        w, panel, panel_bytes, x, row, t,
        t + kExpandedTokens < part.token_end ? t + kExpandedTokens : part.token_end, y);
}

template <typename Kernel>
void multiply_panels(const Operand& w, const Activations& x, const Part& part, float* y) {
  const std::size_t panel_bytes = Kernel::panel_bytes(kPanelRows, w.columns);
  const auto panel_at = [&](std::size_t row) { return w.data + row / kPanelRows * panel_bytes; };
  std::size_t row = part.row_begin;
  for (; row + kPanelRows < part.row_end; row += 2 * kPanelRows)
    multiply_panel_group<Kernel, 2>(w, panel_at(row), panel_bytes, x, part, row, y);
  if (row < part.row_end)
    multiply_panel_group<Kernel, 1>(w, panel_at(row), panel_bytes, x, part, row, y);
}

}  // namespace
}  // namespace nearside::kernels
