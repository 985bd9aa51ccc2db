// How the AVX-512 products walk over a part: pairs of 16-row panels, and under each of them the
// tokens, six at a time. Only files compiled for AVX-512 include this; all of it has internal
// linkage.
//
// A tile is 2 panels x 6 tokens: its integer sums and f32 sums take 24 of the 32 registers, which
// leaves room for two groups of weights, one broadcast and the scales. Twelve independent chains
// hide the latency of vpdpbusd, and the two panels share every broadcast. Each lane sums its row in
// one order whatever the tile and the way, so results do not depend on how a part was walked.
//
// Two ways. `direct` unpacks weights in registers, for each tile anew: best for few tokens, where
// reading the weights is the cost. `expanded` (avx512_expanded.h) unpacks 256 columns into the
// first-level cache, for up to kExpandedTokens tokens to share.
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

/// Calls tile.operator()<kTokens>(token) for tiles of six tokens and one of the rest.
template <typename Tile>
inline void for_token_tiles(std::size_t begin, std::size_t end, Tile tile) {
  std::size_t t = begin;
  for (; t + 6 <= end; t += 6) tile.template operator()<6>(t);
  switch (end - t) {
    case 5:
      return tile.template operator()<5>(t);
    case 4:
      return tile.template operator()<4>(t);
    case 3:
      return tile.template operator()<3>(t);
    case 2:
      return tile.template operator()<2>(t);
    case 1:
      return tile.template operator()<1>(t);
    default:
      return;
  }
}

}  // namespace
}  // namespace nearside::kernels
