// Attention of a tile of queries over a cache's pages, one page at a time.
//
// All queries of a tile look at the same key and value head: those of the heads that share it, of
// several tokens. The weights of a page are made from its scores against the greatest score so far,
// and what earlier pages gave is scaled down when that rises (Source: Milakov and Gimelshein 2018,
// "Online normalizer calculation for softmax"; Dao et al. 2022, FlashAttention). Each query's
// arithmetic depends on nothing but its own pages, in order: a page that is all masked for it
// changes no bit, so a result does not depend on which queries share a tile.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearside::kernels {

using Half = std::uint16_t;  // the bits of an IEEE binary16

/// Positions of a page.
constexpr std::size_t kAttentionPageTokens = 64;
/// Columns of a head are stored in multiples of this, the rest zeros: no kernel has tails.
constexpr std::size_t kAttentionColumnsStep = 16;
/// Queries of a tile at most: enough that widening a page costs little beside using it, few enough
/// that the tile stays in the second-level cache.
constexpr std::size_t kAttentionQueriesMax = 48;

static constexpr std::size_t attention_columns(std::size_t head_dim) {
  return (head_dim + kAttentionColumnsStep - 1) / kAttentionColumnsStep * kAttentionColumnsStep;
}

/// One head's page. Pairs stand together because dot products of pairs are one instruction where
/// there are any. All values are finite, also those of positions nobody stored to.
struct AttentionPage {
  const Half* keys = nullptr;    // [columns / 2, kAttentionPageTokens, 2]
  const Half* values = nullptr;  // [kAttentionPageTokens / 2, columns, 2]
};

/// The same in 8 bits: blocks of 32 columns of a position share a scale, as in Q8_0.
struct QuantizedAttentionPage {
  const std::int8_t* keys = nullptr;    // [columns / 2, kAttentionPageTokens, 2]
  const std::int8_t* values = nullptr;  // [kAttentionPageTokens / 2, columns, 2]
  const Half* key_scales = nullptr;     // [blocks, kAttentionPageTokens]
  const Half* value_scales = nullptr;   // [kAttentionPageTokens / 2, blocks, 2]
};
constexpr std::size_t kAttentionBlockColumns = 32;
/// Blocks of a head; the last may be of 16 columns.
static constexpr std::size_t attention_blocks(std::size_t columns) {
  return (columns + kAttentionBlockColumns - 1) / kAttentionBlockColumns;
}

/// The positions of a page that a query looks at: [begin, end), none when they are equal.
struct AttentionRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// Views of scratch memory, placed by place_attention_tile; what they hold between calls is the
/// kernel's own affair.
struct AttentionTile {
  std::size_t queries = 0;
  std::size_t head_dim = 0;
  std::size_t columns = 0;
  /// Scores s become cap * tanh(s / cap) before they are weighed; 0: they stay.
  float score_cap = 0.0f;
  /// A further score of each query, whose weight goes to no value: [query], or null: none.
  const float* sinks = nullptr;
  float* query = nullptr;    // [query, columns]
  float* sums = nullptr;     // [query, 2 * columns]
  float* scores = nullptr;   // [query, 2 * kAttentionPageTokens]
  float* keys = nullptr;     // [columns, kAttentionPageTokens]
  float* values = nullptr;   // [columns, kAttentionPageTokens]
  float* maxima = nullptr;   // [query]
  float* totals = nullptr;   // [query]
  float* factors = nullptr;  // [query]
  float* scales = nullptr;   // [2, kAttentionPageTokens * blocks]
};

/// Floats of scratch a tile needs.
std::size_t attention_tile_floats(std::size_t queries, std::size_t head_dim);
/// REQUIRES: scratch of attention_tile_floats, on a 64-byte boundary; queries <=
/// kAttentionQueriesMax.
AttentionTile place_attention_tile(float* scratch, std::size_t queries, std::size_t head_dim);

/// What a query's sums are divided by in the end, its sink included; 0: it has seen nothing. Each
/// kernel file has a copy of its own.
static inline float attention_total(const AttentionTile& tile, std::size_t query) {
  const float total = tile.totals[query];
  if (tile.sinks == nullptr || !(total > 0.0f)) return total;
  // Weights are relative to the greatest score of a page; a sink far above it leaves nothing.
  const float above = tile.sinks[query] - tile.maxima[query];
  return total + __builtin_expf(above < 80.0f ? above : 80.0f);
}

/// One instruction set's functions, to be called in this order.
struct AttentionFunctions {
  /// Takes the queries, times `scale`. Shapes: queries [tile.queries] of [head_dim].
  void (*begin)(const AttentionTile& tile, const float* const* queries, float scale);
  /// Adds a page. Shapes: ranges [tile.queries].
  void (*add_page)(const AttentionTile& tile, const AttentionPage& page,
                   const AttentionRange* ranges);
  void (*add_quantized_page)(const AttentionTile& tile, const QuantizedAttentionPage& page,
                             const AttentionRange* ranges);
  /// Writes the weighted means of the values. Shapes: out [tile.queries] of [head_dim].
  void (*end)(const AttentionTile& tile, float* const* out);
};

}  // namespace nearside::kernels
