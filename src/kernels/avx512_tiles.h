// How the AVX-512 products walk over a part: pairs of 16-row panels, and under each of them the
// tokens, six at a time. Only files compiled for AVX-512 include this; all of it has internal
// linkage.
//
// A tile is 2 panels x 6 tokens, or 3 x 4: its integer sums and f32 sums take 24 of the 32
// registers, which leaves room for the groups of weights, one broadcast and the scales. Twelve
// independent chains hide the latency of vpdpbusd, and the panels share every broadcast. Each lane
// sums its row in one order whatever the tile and the way, so results do not depend on how a part
// was walked.
//
// Few tokens take three panels where a kernel gains by it: broadcasts share the load unit with the
// weights. (Measured on Zen 4, 8 tokens in two tiles, of the vpdpbusd peak: Q4_0 80 % against 75 %
// with weights from memory; 16 tokens gain nothing; the K formats lose, their blocks being so long
// that three panels' worth of fetching ahead comes in bursts.)
//
// Weights are unpacked in registers, for each tile anew: those operations run on execution units
// that vpdpbusd leaves free. (Measured against unpacking once into the first-level cache for up to
// 96 tokens: that was slower, 80 % against 85 % of the peak for Q4_0, by its stores and reloads.)
#pragma once

#include <cstring>

#include <immintrin.h>

#include "kernels/panels.h"
#include "kernels/product.h"

namespace nearside::kernels {
namespace {

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

inline __m512i low_nibbles(__m512i both) { return _mm512_and_si512(both, _mm512_set1_epi8(15)); }

inline __m512i high_nibbles(__m512i both) {
  return _mm512_and_si512(_mm512_srli_epi16(both, 4), _mm512_set1_epi8(15));
}

/// scale * 2^power: adds to the exponents. `power` is shifted to their place (activations.h).
inline __m512 times_power(__m512 scale, std::int32_t power) {
  return _mm512_castsi512_ps(
      _mm512_add_epi32(_mm512_castps_si512(scale), _mm512_set1_epi32(power)));
}

template <int kPanels, int kTokens>
inline void clear(__m512 (&sums)[kPanels][kTokens]) {
  for (auto& row : sums)
    for (__m512& sum : row) sum = _mm512_setzero_ps();
}

/// The lanes of a panel that begins at `row` whose rows exist.
inline __mmask16 existing_rows(std::size_t row, std::size_t rows) {
  const std::size_t left = rows - row;
  return static_cast<__mmask16>(left >= kPanelRows ? 0xffffu : (1u << left) - 1u);
}

template <int kPanels, int kTokens>
inline void store_tile(const __m512 (&sums)[kPanels][kTokens], std::size_t row, std::size_t token,
                       std::size_t rows, float* y) {
  for (int p = 0; p < kPanels; ++p) {
    const std::size_t first = row + static_cast<std::size_t>(p) * kPanelRows;
    const __mmask16 lanes = existing_rows(first, rows);
    for (int t = 0; t < kTokens; ++t)
      _mm512_mask_storeu_ps(y + (token + static_cast<std::size_t>(t)) * rows + first, lanes,
                            sums[p][t]);
  }
}

/// Fetches the panels that come next, a few lines for each block of a tile, so that memory works
/// while the tokens after the first compute from the cache: with eight tokens in two tiles, the
/// second would leave it idle.
class Ahead {
 public:
  /// `steps`: how often fetch() will be called.
  Ahead(const std::byte* begin, const std::byte* end, std::size_t steps)
      : at_(begin),
        end_(end),
        step_bytes_(begin < end ? (static_cast<std::size_t>(end - begin) / kGroupBytes + steps) /
                                      steps * kGroupBytes
                                : 0) {}
  inline void fetch() {
    if (at_ >= end_) return;
    for (std::size_t i = 0; i < step_bytes_; i += kGroupBytes)
      _mm_prefetch(reinterpret_cast<const char*>(at_ + i), _MM_HINT_T1);
    at_ += step_bytes_;
  }

 private:
  const std::byte* at_;
  const std::byte* end_;
  std::size_t step_bytes_;
};

/// `Kernel::tile<panels, tokens>(first panel, panel_bytes, x, first token, ahead, sums)` computes a
/// tile, and fetches ahead once every Kernel::kFetchColumns.
template <typename Kernel, int kPanels, int kTokens>
inline void one_tile(const Operand& w, const std::byte* panel, std::size_t panel_bytes,
                     const Activations& x, std::size_t row, std::size_t token, Ahead& ahead,
                     float* y) {
  __m512 sums[kPanels][kTokens];
  Kernel::template tile<kPanels, kTokens>(panel, panel_bytes, x, token, ahead, sums);
  store_tile<kPanels, kTokens>(sums, row, token, w.rows, y);
}

/// How many tokens the next tile takes: six while there are twelve or more, then two halves: 4 + 4
/// beats 6 + 2, because a tile costs its unpacking whatever its tokens.
inline std::size_t tile_tokens(std::size_t left) {
  return left >= 12 ? 6 : left > 6 ? (left + 1) / 2 : left;
}

/// Panels of a tile for a part of so many tokens: three where no tile has more than four tokens.
template <typename Kernel>
constexpr int tile_panels(std::size_t tokens) {
  return Kernel::kThreePanels && (tokens <= 4 || tokens == 7 || tokens == 8) ? 3 : 2;
}

/// Product::tile_rows.
template <typename Kernel>
std::size_t tile_rows(std::size_t tokens) {
  return static_cast<std::size_t>(tile_panels<Kernel>(tokens)) * kPanelRows;
}

template <typename Kernel, int kPanels>
inline void all_tokens(const Operand& w, const std::byte* panel, std::size_t panel_bytes,
                       const Activations& x, const Part& part, std::size_t row, Ahead& ahead,
                       float* y) {
  for (std::size_t t = part.token_begin; t < part.token_end;) {
    const std::size_t tokens = tile_tokens(part.token_end - t);
    switch (tokens) {
      case 6:
        if constexpr (kPanels < 3)
          one_tile<Kernel, kPanels, 6>(w, panel, panel_bytes, x, row, t, ahead, y);
        break;
      case 5:
        if constexpr (kPanels < 3)
          one_tile<Kernel, kPanels, 5>(w, panel, panel_bytes, x, row, t, ahead, y);
        break;
      case 4:
        one_tile<Kernel, kPanels, 4>(w, panel, panel_bytes, x, row, t, ahead, y);
        break;
      case 3:
        one_tile<Kernel, kPanels, 3>(w, panel, panel_bytes, x, row, t, ahead, y);
        break;
      case 2:
        one_tile<Kernel, kPanels, 2>(w, panel, panel_bytes, x, row, t, ahead, y);
        break;
      default:
        one_tile<Kernel, kPanels, 1>(w, panel, panel_bytes, x, row, t, ahead, y);
        break;
    }
    t += tokens;
  }
}

/// Walks by tiles of `kPanels` while the part has so many panels left. Returns the next row.
template <typename Kernel, int kPanels>
std::size_t multiply_by(const Operand& w, const Activations& x, const Part& part, std::size_t row,
                        float* y) {
  const std::size_t panel_bytes = Kernel::panel_bytes(kPanelRows, w.columns);
  const auto panel_at = [&](std::size_t of) { return w.data + of / kPanelRows * panel_bytes; };
  const std::byte* const end = panel_at(w.rows + kPanelRows - 1);
  std::size_t tiles = 0;
  for (std::size_t t = part.token_begin; t < part.token_end; t += tile_tokens(part.token_end - t))
    ++tiles;
  const std::size_t steps = tiles * (w.columns / Kernel::kFetchColumns);
  for (; row + (kPanels - 1) * kPanelRows < part.row_end; row += kPanels * kPanelRows) {
    // The panels after these; after the part's last ones come, most likely, those of its thread's
    // next part.
    const std::byte* const begin = panel_at(row) + kPanels * panel_bytes;
    const std::byte* const stop = begin + kPanels * panel_bytes;
    Ahead ahead(begin, stop < end ? stop : end, steps);
    all_tokens<Kernel, kPanels>(w, panel_at(row), panel_bytes, x, part, row, ahead, y);
  }
  return row;
}

template <typename Kernel>
void multiply_panels(const Operand& w, const Activations& x, const Part& part, float* y) {
  std::size_t row = part.row_begin;
  if constexpr (Kernel::kThreePanels) {
    if (tile_panels<Kernel>(part.token_end - part.token_begin) == 3)
      row = multiply_by<Kernel, 3>(w, x, part, row, y);
  }
  row = multiply_by<Kernel, 2>(w, x, part, row, y);
  multiply_by<Kernel, 1>(w, x, part, row, y);
}

}  // namespace
}  // namespace nearside::kernels
