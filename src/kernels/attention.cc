#include "kernels/attention.h"

#include "base/check.h"

namespace nearside::kernels {

namespace {

constexpr std::size_t kLineFloats = 16;

std::size_t round_up(std::size_t floats) {
  return (floats + kLineFloats - 1) / kLineFloats * kLineFloats;
}

}  // namespace

std::size_t attention_tile_floats(std::size_t queries, std::size_t head_dim) {
  const std::size_t columns = attention_columns(head_dim);
  return queries * 3 * columns + queries * 2 * kAttentionPageTokens +
         2 * columns * kAttentionPageTokens + 3 * round_up(queries) +
         2 * kAttentionPageTokens * attention_blocks(columns);
}

AttentionTile place_attention_tile(float* scratch, std::size_t queries, std::size_t head_dim) {
  CHECK(queries <= kAttentionQueriesMax);
  AttentionTile tile{
      .queries = queries, .head_dim = head_dim, .columns = attention_columns(head_dim)};
  const auto take = [&](std::size_t floats) {
    float* const at = scratch;
    scratch += round_up(floats);
    return at;
  };
  tile.query = take(queries * tile.columns);
  tile.sums = take(queries * 2 * tile.columns);
  tile.scores = take(queries * 2 * kAttentionPageTokens);
  tile.keys = take(tile.columns * kAttentionPageTokens);
  tile.values = take(tile.columns * kAttentionPageTokens);
  tile.maxima = take(queries);
  tile.totals = take(queries);
  tile.factors = take(queries);
  tile.scales = take(2 * kAttentionPageTokens * attention_blocks(tile.columns));
  return tile;
}

}  // namespace nearside::kernels
