// The functions of attention.h, written once for everything that multiplies pairs and adds them up.
//
// `V` is the vocabulary of an instruction set (avx512_vector.h); `P` says how it multiplies pairs:
// a query's pair, broadcast, with the pairs of a vector. Where P::kSplit is 2, the two products of
// a pair stay in two lanes (f32) and are added at the end, where it is 1 the instruction adds them
// (bfloat16). Scores and sums are the same small product, [queries, pairs] x [pairs, lanes]. All of
// it has internal linkage, see vector_rows.h.
#pragma once

#include "kernels/attention.h"
#include "kernels/vector_rows.h"

namespace nearside::kernels {
namespace {

/// Pairs of f32: both products stay in lanes of their own.
template <typename V>
struct FloatPairs {
  static constexpr std::size_t kSplit = 2;
  using Element = float;  // of what is multiplied
  static constexpr std::size_t kPairElements = 2;

  /// out = load(0), load(kLanes), ... up to n elements, a multiple of 16, that stand in pairs.
  template <typename Load>
  static inline void pack(std::size_t n, Element* out, Load load) {
    for (std::size_t i = 0; i < n; i += V::kLanes) V::store(out + i, load(i));
  }
  static typename V::F multiply_add(typename V::F sum, const Element* pair, const Element* lanes) {
    return V::fma(V::set_pair(pair), V::load(lanes), sum);
  }
};

template <typename V, typename P>
struct Attention {
  using F = typename V::F;
  using Element = typename P::Element;
  static constexpr std::size_t kLanes = V::kLanes;
  static constexpr std::size_t kTokens = kAttentionPageTokens;
  /// What a query that has seen nothing compares with: finite, so that differences are numbers.
  static constexpr float kNothing = -1e30f;

  static Element* elements(float* data) { return reinterpret_cast<Element*>(data); }

  static void begin(const AttentionTile& tile, const float* const* queries, float scale) {
    for (std::size_t q = 0; q < tile.queries; ++q) {
      float row[4 * kTokens];
      float* const sums = tile.sums + q * P::kSplit * tile.columns;
      for (std::size_t i = 0; i < P::kSplit * tile.columns; ++i) sums[i] = 0.0f;
      for (std::size_t c = 0; c < tile.columns; c += 4 * kTokens) {
        const std::size_t count = tile.columns - c < 4 * kTokens ? tile.columns - c : 4 * kTokens;
        for (std::size_t i = 0; i < count; ++i)
          row[i] = c + i < tile.head_dim ? queries[q][c + i] * scale : 0.0f;
        P::pack(count, elements(tile.query) + (q * tile.columns + c) / 2 * P::kPairElements,
                [&](std::size_t i) { return V::load(row + i); });
      }
      tile.maxima[q] = kNothing;
      tile.totals[q] = 0.0f;
    }
  }

  /// sums[q][lane] = factors[q] * sums[q][lane] + sum over pairs of a[q][pair] . b[pair][lane], for
  /// a few queries and vectors of lanes. No factors: the sums begin at zero.
  template <int kQueries, int kVectors>
  static inline void product(const Element* a, std::size_t a_stride, const Element* b,
                             std::size_t lanes, std::size_t pair_begin, std::size_t pair_end,
                             const float* factors, float* sums) {
    F tile[kQueries][kVectors];
#pragma GCC unroll 6
    for (std::size_t q = 0; q < kQueries; ++q)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v)
        tile[q][v] = factors == nullptr
                         ? V::set(0.0f)
                         : V::mul(V::set(factors[q]), V::load(sums + q * lanes + v * kLanes));
    for (std::size_t pair = pair_begin; pair < pair_end; ++pair) {
#pragma GCC unroll 6
      for (std::size_t q = 0; q < kQueries; ++q) {
        const Element* const one = a + q * a_stride + pair * P::kPairElements;
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kVectors; ++v)
          tile[q][v] = P::multiply_add(tile[q][v], one, b + pair * lanes + v * kLanes);
      }
    }
#pragma GCC unroll 6
    for (std::size_t q = 0; q < kQueries; ++q)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v)
        V::store(sums + q * lanes + v * kLanes, tile[q][v]);
  }

  template <int kQueries>
  static inline void all_lanes(const Element* a, std::size_t a_stride, const Element* b,
                               std::size_t lanes, std::size_t pair_begin, std::size_t pair_end,
                               const float* factors, float* sums) {
    std::size_t at = 0;
    for (; at + 4 * kLanes <= lanes; at += 4 * kLanes)
      product<kQueries, 4>(a, a_stride, b + at, lanes, pair_begin, pair_end, factors, sums + at);
    for (; at < lanes; at += kLanes)
      product<kQueries, 1>(a, a_stride, b + at, lanes, pair_begin, pair_end, factors, sums + at);
  }

  /// All queries, V::kPairTileQueries at a time. Shapes: a [queries, a_stride], b [pair, lanes],
  /// sums [queries, lanes], factors [queries].
  static void multiply(std::size_t queries, const Element* a, std::size_t a_stride,
                       const Element* b, std::size_t lanes, std::size_t pair_begin,
                       std::size_t pair_end, const float* factors, float* sums) {
    for (std::size_t q = 0; q < queries;) {
      const std::size_t left = queries - q;
      const std::size_t count = left >= V::kPairTileQueries ? V::kPairTileQueries : left;
      const Element* const rows = a + q * a_stride;
      const float* const scale = factors == nullptr ? nullptr : factors + q;
      float* const out = sums + q * lanes;
      switch (count) {
        case 6:
          all_lanes<6>(rows, a_stride, b, lanes, pair_begin, pair_end, scale, out);
          break;
        case 5:
          all_lanes<5>(rows, a_stride, b, lanes, pair_begin, pair_end, scale, out);
          break;
        case 4:
          all_lanes<4>(rows, a_stride, b, lanes, pair_begin, pair_end, scale, out);
          break;
        case 3:
          all_lanes<3>(rows, a_stride, b, lanes, pair_begin, pair_end, scale, out);
          break;
        case 2:
          all_lanes<2>(rows, a_stride, b, lanes, pair_begin, pair_end, scale, out);
          break;
        default:
          all_lanes<1>(rows, a_stride, b, lanes, pair_begin, pair_end, scale, out);
          break;
      }
      q += count;
    }
  }

  /// scores = cap * tanh(scores / cap), where tanh(u) is 2 sigmoid(2u) - 1.
  static inline void cap(float cap, float* scores) {
    const F twice = V::set(2.0f / cap);
    for (std::size_t i = 0; i < kTokens; i += kLanes) {
      const F s = sigmoid<V>(V::mul(V::load(scores + i), twice));
      V::store(scores + i, V::fma(V::set(2.0f * cap), s, V::set(-cap)));
    }
  }

  /// A query's scores in lanes of pairs become its weights, packed where they stood.
  static void weigh(const AttentionTile& tile, std::size_t q, const AttentionRange& range) {
    float* const row = tile.scores + q * P::kSplit * kTokens;
    float scores[kTokens];
    for (std::size_t i = 0; i < kTokens; i += kLanes)
      V::store(scores + i, P::kSplit == 2
                               ? V::add_pairs(V::load(row + 2 * i), V::load(row + 2 * i + kLanes))
                               : V::load(row + i));
    if (tile.score_cap != 0.0f) cap(tile.score_cap, scores);
    for (std::size_t i = 0; i < range.begin; ++i) scores[i] = -__builtin_inff();
    for (std::size_t i = range.end; i < kTokens; ++i) scores[i] = -__builtin_inff();
    F greatest = V::load(scores);
    for (std::size_t i = kLanes; i < kTokens; i += kLanes)
      greatest = V::max(greatest, V::load(scores + i));
    const float page_max = V::reduce_max(greatest);
    const float before = tile.maxima[q];
    const float after = page_max > before ? page_max : before;
    const F shift = V::set(after);
    F total = V::set(0.0f);
    for (std::size_t i = 0; i < kTokens; i += kLanes) {
      const F weight = exp<V>(V::sub(V::load(scores + i), shift));
      total = V::add(total, weight);
      V::store(scores + i, weight);
    }
    float factor[kLanes];
    V::store(factor, exp<V>(V::set(before - after)));
    tile.maxima[q] = after;
    tile.factors[q] = factor[0];
    tile.totals[q] = tile.totals[q] * factor[0] + V::reduce_add(total);
    P::pack(kTokens, elements(tile.scores) + q * kTokens / 2 * P::kPairElements,
            [&](std::size_t i) { return V::load(scores + i); });
  }

  /// `key(pair, i)` and `value(pair, i)` load elements i.. of a pair of columns of the keys, or of
  /// positions of the values.
  template <typename Key, typename Value>
  static inline void add(const AttentionTile& tile, const AttentionRange* ranges, Key key,
                         Value value) {
    std::uint32_t first = kTokens;
    std::uint32_t last = 0;
    for (std::size_t q = 0; q < tile.queries; ++q) {
      if (ranges[q].begin >= ranges[q].end) continue;
      first = ranges[q].begin < first ? ranges[q].begin : first;
      last = ranges[q].end > last ? ranges[q].end : last;
    }
    if (first >= last) return;
    const std::size_t columns = tile.columns;
    const std::size_t pair_begin = first / 2;
    const std::size_t pair_end = (last + 1) / 2;
    for (std::size_t pair = 0; pair < columns / 2; ++pair)
      P::pack(2 * kTokens, elements(tile.keys) + pair * kTokens * P::kPairElements,
              [&](std::size_t i) { return key(pair, i); });
    multiply(tile.queries, elements(tile.query), columns / 2 * P::kPairElements,
             elements(tile.keys), P::kSplit * kTokens, 0, columns / 2, nullptr, tile.scores);
    for (std::size_t q = 0; q < tile.queries; ++q) weigh(tile, q, ranges[q]);
    for (std::size_t pair = pair_begin; pair < pair_end; ++pair)
      P::pack(2 * columns, elements(tile.values) + pair * columns * P::kPairElements,
              [&](std::size_t i) { return value(pair, i); });
    multiply(tile.queries, elements(tile.scores), kTokens / 2 * P::kPairElements,
             elements(tile.values), P::kSplit * columns, pair_begin, pair_end, tile.factors,
             tile.sums);
  }

  static void add_page(const AttentionTile& tile, const AttentionPage& page,
                       const AttentionRange* ranges) {
    add(
        tile, ranges,
        [&](std::size_t pair, std::size_t i) {
          return V::load_half(page.keys + pair * 2 * kTokens + i);
        },
        [&](std::size_t pair, std::size_t i) {
          return V::load_half(page.values + pair * 2 * tile.columns + i);
        });
  }

  static void add_quantized_page(const AttentionTile& tile, const QuantizedAttentionPage& page,
                                 const AttentionRange* ranges) {
    const std::size_t blocks = attention_blocks(tile.columns);
    const std::size_t count = kTokens * blocks;
    float* const key_scales = tile.scales;
    float* const value_scales = tile.scales + count;
    for (std::size_t i = 0; i < count; i += kLanes) {
      V::store(key_scales + i, V::load_half(page.key_scales + i));
      V::store(value_scales + i, V::load_half(page.value_scales + i));
    }
    // A vector holds pairs of columns of several positions, or pairs of positions of several
    // columns, which are all of one block.
    add(
        tile, ranges,
        [&](std::size_t pair, std::size_t i) {
          const float* const scales =
              key_scales + 2 * pair / kAttentionBlockColumns * kTokens + i / 2;
          return V::mul(V::load_bytes(page.keys + pair * 2 * kTokens + i), V::load_doubled(scales));
        },
        [&](std::size_t pair, std::size_t i) {
          const float* const scales =
              value_scales + (pair * blocks + i / 2 / kAttentionBlockColumns) * 2;
          return V::mul(V::load_bytes(page.values + pair * 2 * tile.columns + i),
                        V::set_pair(scales));
        });
  }

  static void end(const AttentionTile& tile, float* const* out) {
    for (std::size_t q = 0; q < tile.queries; ++q) {
      const float total = attention_total(tile, q);
      const float inverse = total > 0.0f ? 1.0f / total : 0.0f;
      const float* const sums = tile.sums + q * P::kSplit * tile.columns;
      for (std::size_t c = 0; c < tile.head_dim; ++c)
        out[q][c] = inverse * (P::kSplit == 2 ? sums[2 * c] + sums[2 * c + 1] : sums[c]);
    }
  }

  static constexpr AttentionFunctions functions() {
    return {begin, add_page, add_quantized_page, end};
  }
};

}  // namespace
}  // namespace nearside::kernels
