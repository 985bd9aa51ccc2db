// How the AVX-512 products walk over a part: pairs of 16-row panels, and under each of them the
// tokens, a tile at a time. Only files compiled for AVX-512 include this; all of it has internal
// linkage.
//
// A tile is kPanels x kTokens: integer sums and f32 sums of 2 panels x 6 tokens take 24 of the 32
// registers, which leaves room for two groups of weights, one broadcast and the scales. Twelve
// independent chains hide the latency of vpdpbusd, and the two panels share every broadcast.
// Each lane sums its row in one order whatever the tile, so results do not depend on tiling.
#pragma once

#include <cstring>

#include <immintrin.h>

#include "kernels/panels.h"
#include "kernels/product.h"

namespace nearside::kernels {
namespace {

constexpr std::size_t kTileTokens = 6;

inline __m512i load_group(const std::byte* groups, std::size_t index) {
  return _mm512_load_si512(groups + index * kGroupBytes);
}

/// Four activations of one token for all lanes.
inline __m512i broadcast_four(const std::int8_t* values) {
  std::int32_t four;
  std::memcpy(&four, values, 4);
  return _mm512_set1_epi32(four);
}

inline __m512 load_halves(const std::byte* halves) {
  return _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(halves)));
}

/// Where one tile reads its activations and writes its results.
struct TileTokens {
  const Activations& x;
  std::size_t first;
};

template <int kPanels, int kTokens>
inline void store_tile(const __m512 (&sums)[kPanels][kTokens], std::size_t row, std::size_t token,
                       std::size_t rows, float* y) {
  for (int p = 0; p < kPanels; ++p) {
    const std::size_t first = row + static_cast<std::size_t>(p) * kPanelRows;
    const std::size_t left = rows - first;
    const auto lanes = static_cast<__mmask16>(left >= kPanelRows ? 0xffffu : (1u << left) - 1u);
    for (int t = 0; t < kTokens; ++t)
      _mm512_mask_storeu_ps(y + (token + static_cast<std::size_t>(t)) * rows + first, lanes,
                            sums[p][t]);
  }
}

/// `Kernel::tile<panels, tokens>(packed panel, panel_bytes, x, first token, sums)` computes a tile.
template <typename Kernel, int kPanels, int kTokens>
inline void one_tile(const Operand& w, const std::byte* panel, std::size_t panel_bytes,
                     const Activations& x, std::size_t row, std::size_t token, float* y) {
  __m512 sums[kPanels][kTokens];
  Kernel::template tile<kPanels, kTokens>(panel, panel_bytes, x, token, sums);
  store_tile<kPanels, kTokens>(sums, row, token, w.rows, y);
}

template <typename Kernel, int kPanels>
inline void all_tokens(const Operand& w, const std::byte* panel, std::size_t panel_bytes,
                       const Activations& x, const Part& part, std::size_t row, float* y) {
  std::size_t t = part.token_begin;
  for (; t + 6 <= part.token_end; t += 6)
    one_tile<Kernel, kPanels, 6>(w, panel, panel_bytes, x, row, t, y);
  switch (part.token_end - t) {
    case 5:
      one_tile<Kernel, kPanels, 5>(w, panel, panel_bytes, x, row, t, y);
      break;
    case 4:
      one_tile<Kernel, kPanels, 4>(w, panel, panel_bytes, x, row, t, y);
      break;
    case 3:
      one_tile<Kernel, kPanels, 3>(w, panel, panel_bytes, x, row, t, y);
      break;
    case 2:
      one_tile<Kernel, kPanels, 2>(w, panel, panel_bytes, x, row, t, y);
      break;
    case 1:
      one_tile<Kernel, kPanels, 1>(w, panel, panel_bytes, x, row, t, y);
      break;
    default:
      break;
  }
}

template <typename Kernel>
void multiply_panels(const Operand& w, const Activations& x, const Part& part, float* y) {
  const std::size_t panel_bytes = Kernel::panel_bytes(kPanelRows, w.columns);
  std::size_t row = part.row_begin;
  for (; row + kPanelRows < part.row_end; row += 2 * kPanelRows)
    all_tokens<Kernel, 2>(w, w.data + row / kPanelRows * panel_bytes, panel_bytes, x, part, row, y);
  if (row < part.row_end)
    all_tokens<Kernel, 1>(w, w.data + row / kPanelRows * panel_bytes, panel_bytes, x, part, row, y);
}

}  // namespace
}  // namespace nearside::kernels
