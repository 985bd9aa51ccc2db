// Attention in plain C++: the reference of every other.
#include <algorithm>
#include <cmath>

#include "kernels/attention.h"
#include "kernels/half.h"

namespace nearside::kernels {

namespace {

constexpr float kNothing = -1e30f;  // see attention_tiles.h

void begin(const AttentionTile& tile, const float* const* queries, float scale) {
  for (std::size_t q = 0; q < tile.queries; ++q) {
    for (std::size_t c = 0; c < tile.columns; ++c) {
      tile.query[q * tile.columns + c] = c < tile.head_dim ? queries[q][c] * scale : 0.0f;
      tile.sums[q * tile.columns + c] = 0.0f;
    }
    tile.maxima[q] = kNothing;
    tile.totals[q] = 0.0f;
  }
}

/// `key` and `value` give column c of position p.
template <typename Key, typename Value>
void add(const AttentionTile& tile, const AttentionRange* ranges, Key key, Value value) {
  for (std::size_t q = 0; q < tile.queries; ++q) {
    float weights[kAttentionPageTokens] = {};
    float greatest = tile.maxima[q];
    for (std::size_t p = ranges[q].begin; p < ranges[q].end; ++p) {
      for (std::size_t c = 0; c < tile.columns; ++c)
        weights[p] += tile.query[q * tile.columns + c] * key(p, c);
      if (tile.score_cap != 0.0f)
        weights[p] = tile.score_cap * std::tanh(weights[p] / tile.score_cap);
      greatest = std::max(greatest, weights[p]);
    }
    const float factor = std::exp(tile.maxima[q] - greatest);
    tile.maxima[q] = greatest;
    tile.totals[q] *= factor;
    float* const sums = tile.sums + q * tile.columns;
    for (std::size_t c = 0; c < tile.columns; ++c) sums[c] *= factor;
    for (std::size_t p = ranges[q].begin; p < ranges[q].end; ++p) {
      const float weight = std::exp(weights[p] - greatest);
      tile.totals[q] += weight;
      for (std::size_t c = 0; c < tile.columns; ++c) sums[c] += weight * value(p, c);
    }
  }
}

/// Where pages keep column c of position p (attention.h).
std::size_t key_at(std::size_t p, std::size_t c) {
  return (c / 2 * kAttentionPageTokens + p) * 2 + c % 2;
}
std::size_t value_at(std::size_t columns, std::size_t p, std::size_t c) {
  return (p / 2 * columns + c) * 2 + p % 2;
}

void add_page(const AttentionTile& tile, const AttentionPage& page, const AttentionRange* ranges) {
  add(
      tile, ranges,
      [&](std::size_t p, std::size_t c) { return f16_to_f32(page.keys[key_at(p, c)]); },
      [&](std::size_t p, std::size_t c) {
        return f16_to_f32(page.values[value_at(tile.columns, p, c)]);
      });
}

void add_quantized_page(const AttentionTile& tile, const QuantizedAttentionPage& page,
                        const AttentionRange* ranges) {
  const std::size_t blocks = attention_blocks(tile.columns);
  add(
      tile, ranges,
      [&](std::size_t p, std::size_t c) {
        const Half scale = page.key_scales[c / kAttentionBlockColumns * kAttentionPageTokens + p];
        return static_cast<float>(page.keys[key_at(p, c)]) * f16_to_f32(scale);
      },
      [&](std::size_t p, std::size_t c) {
        const Half scale =
            page.value_scales[(p / 2 * blocks + c / kAttentionBlockColumns) * 2 + p % 2];
        return static_cast<float>(page.values[value_at(tile.columns, p, c)]) * f16_to_f32(scale);
      });
}

void end(const AttentionTile& tile, float* const* out) {
  for (std::size_t q = 0; q < tile.queries; ++q) {
    const float total = attention_total(tile, q);
    for (std::size_t c = 0; c < tile.head_dim; ++c)
      out[q][c] = total > 0.0f ? tile.sums[q * tile.columns + c] / total : 0.0f;
  }
}

}  // namespace

extern const AttentionFunctions kScalarAttention;
const AttentionFunctions kScalarAttention = {begin, add_page, add_quantized_page, end};

}  // namespace nearside::kernels
