#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/half.h"
#include "kernels/tables.h"

namespace nearside::kernels {
namespace {

constexpr std::size_t kTokens = kAttentionPageTokens;

/// Pages of random keys and values, in halves or in 8 bits, and the same in double.
struct Cache {
  Cache(std::size_t page_count, std::size_t dim, unsigned seed, bool in_bytes = false)
      : pages(page_count),
        head_dim(dim),
        columns(attention_columns(dim)),
        blocks(attention_blocks(columns)),
        quantized(in_bytes),
        halves(pages * 2 * columns * kTokens),
        bytes(halves.size()),
        scales(pages * 2 * blocks * kTokens),
        keys(pages * kTokens * dim),
        values(keys.size()) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (std::size_t p = 0; p < pages * kTokens; ++p)
      for (std::size_t c = 0; c < dim; ++c) {
        const std::size_t slot = p % kTokens;
        const std::size_t page = p / kTokens * 2 * columns * kTokens;
        const std::size_t block = c / kAttentionBlockColumns;
        Half* const key_scales = scales.data() + p / kTokens * 2 * blocks * kTokens;
        keys[p * dim + c] = store(normal(random), page + (c / 2 * kTokens + slot) * 2 + c % 2,
                                  key_scales[block * kTokens + slot]);
        values[p * dim + c] = store(
            normal(random), page + columns * kTokens + (slot / 2 * columns + c) * 2 + slot % 2,
            key_scales[blocks * kTokens + (slot / 2 * blocks + block) * 2 + slot % 2]);
      }
  }
  /// Returns what can be read back.
  double store(float value, std::size_t at, Half& scale) {
    if (!quantized) {
      halves[at] = f32_to_f16(value);
      return f16_to_f32(halves[at]);
    }
    if (scale == 0) scale = f32_to_f16(0.03f + std::fabs(value) / 100);
    bytes[at] = static_cast<std::int8_t>(
        std::clamp(std::nearbyint(value / f16_to_f32(scale)), -127.0f, 127.0f));
    return static_cast<double>(bytes[at]) * f16_to_f32(scale);
  }
  void add_to(const Table& table, const AttentionTile& tile, std::size_t index,
              const AttentionRange* ranges) const {
    const std::size_t at = index * 2 * columns * kTokens;
    const Half* const page_scales = scales.data() + index * 2 * blocks * kTokens;
    if (quantized)
      table.attention->add_quantized_page(tile,
                                          {.keys = bytes.data() + at,
                                           .values = bytes.data() + at + columns * kTokens,
                                           .key_scales = page_scales,
                                           .value_scales = page_scales + blocks * kTokens},
                                          ranges);
    else
      table.attention->add_page(
          tile, {.keys = halves.data() + at, .values = halves.data() + at + columns * kTokens},
          ranges);
  }
  std::size_t pages;
  std::size_t head_dim;
  std::size_t columns;
  std::size_t blocks;
  bool quantized;
  std::vector<Half> halves;
  std::vector<std::int8_t> bytes;
  std::vector<Half> scales;
  std::vector<double> keys;
  std::vector<double> values;
};

struct Query {
  std::vector<float> values;
  std::size_t begin;
  std::size_t end;
};

std::vector<Query> queries(std::size_t count, std::size_t head_dim, std::size_t positions) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<Query> out(count);
  for (std::size_t q = 0; q < count; ++q) {
    out[q].values.resize(head_dim);
    for (float& value : out[q].values) value = normal(random);
    out[q].end = 1 + (q * 29 + 13) % positions;
    out[q].begin = q % 3 == 0 ? out[q].end * 2 / 3 : 0;
  }
  return out;
}

std::vector<std::vector<float>> attend(const Table& table, const Cache& cache,
                                       const std::vector<Query>& all, std::size_t pages,
                                       float score_cap = 0.0f, const float* sinks = nullptr) {
  std::vector<float> memory(attention_tile_floats(all.size(), cache.head_dim) + 16, NAN);
  void* at = memory.data();
  std::size_t space = memory.size() * sizeof(float);
  std::align(64, 64, at, space);
  AttentionTile tile = place_attention_tile(static_cast<float*>(at), all.size(), cache.head_dim);
  tile.score_cap = score_cap;
  tile.sinks = sinks;
  std::vector<std::vector<float>> out(all.size(), std::vector<float>(cache.head_dim, NAN));
  std::vector<const float*> in;
  std::vector<float*> to;
  for (std::size_t q = 0; q < all.size(); ++q) {
    in.push_back(all[q].values.data());
    to.push_back(out[q].data());
  }
  table.attention->begin(tile, in.data(), 1.0f / std::sqrt(static_cast<float>(cache.head_dim)));
  for (std::size_t page = 0; page < pages; ++page) {
    std::vector<AttentionRange> ranges;
    const auto within = [&](std::size_t position) {
      return static_cast<std::uint32_t>(std::clamp(position, page * kTokens, (page + 1) * kTokens) -
                                        page * kTokens);
    };
    for (const Query& query : all) ranges.push_back({within(query.begin), within(query.end)});
    cache.add_to(table, tile, page, ranges.data());
  }
  table.attention->end(tile, to.data());
  return out;
}

std::vector<float> expected(const Cache& cache, const Query& query, double score_cap = 0.0) {
  std::vector<double> weights;
  double total = 0;
  for (std::size_t p = query.begin; p < query.end; ++p) {
    double score = 0;
    for (std::size_t c = 0; c < cache.head_dim; ++c)
      score += static_cast<double>(query.values[c]) * cache.keys[p * cache.head_dim + c];
    score /= std::sqrt(static_cast<double>(cache.head_dim));
    if (score_cap != 0.0) score = score_cap * std::tanh(score / score_cap);
    weights.push_back(std::exp(score));
    total += weights.back();
  }
  std::vector<float> out(cache.head_dim);
  for (std::size_t c = 0; c < cache.head_dim; ++c) {
    double sum = 0;
    for (std::size_t p = query.begin; p < query.end; ++p)
      sum += weights[p - query.begin] * cache.values[p * cache.head_dim + c];
    out[c] = static_cast<float>(sum / total);
  }
  return out;
}

class AttentionKernel : public testing::TestWithParam<const Table*> {};

// In f32 the sums of head_dim and of all positions round at 2^-24 of their terms, which are below
// 5: 1e-4 leaves room for both. In bfloat16 each product of a score is off by up to 2^-8, which
// bounds the error of a score by 2^-8 times the mean magnitude of |q k| (0.64) times the root of
// head_dim: 0.04 at 256 columns; weights and, with values below 4, their means change by as much.
TEST_P(AttentionKernel, GivesTheSoftmaxWeightedMeansOfValues) {
  const bool bfloat = std::string_view(GetParam()->name) == "avx512_bf16";
  for (const std::size_t head_dim : {8U, 64U, 80U, 128U, 256U})
    for (const std::size_t count : {1U, 2U, 4U, 7U, 13U, 48U}) {
      const Cache cache(4, head_dim, 3, count % 2 == 1);
      const std::vector<Query> all = queries(count, head_dim, 4 * kTokens);
      const auto out = attend(*GetParam(), cache, all, 4);
      for (std::size_t q = 0; q < count; ++q) {
        const std::vector<float> right = expected(cache, all[q]);
        for (std::size_t c = 0; c < head_dim; ++c)
          ASSERT_NEAR(out[q][c], right[c], bfloat ? 0.04 : 1e-4)
              << head_dim << " columns, query " << q << " of " << count;
      }
    }
}

// Capping never makes an error greater: the slope of cap * tanh(s / cap) is at most 1.
TEST_P(AttentionKernel, CapsScoresSoftly) {
  const bool bfloat = std::string_view(GetParam()->name) == "avx512_bf16";
  const Cache cache(3, 64, 3);
  const std::vector<Query> all = queries(13, 64, 3 * kTokens);
  for (const float cap : {0.5f, 2.0f, 50.0f}) {
    const auto out = attend(*GetParam(), cache, all, 3, cap);
    for (std::size_t q = 0; q < all.size(); ++q) {
      const std::vector<float> right = expected(cache, all[q], static_cast<double>(cap));
      for (std::size_t c = 0; c < 64; ++c)
        ASSERT_NEAR(out[q][c], right[c], bfloat ? 0.04 : 1e-4) << "cap " << cap;
    }
  }
}

// A sink s takes the share exp(s) / (exp(s) + sum of exp(scores)) of every mean.
TEST_P(AttentionKernel, LeavesASinkItsShare) {
  const bool bfloat = std::string_view(GetParam()->name) == "avx512_bf16";
  const Cache cache(2, 64, 3);
  const std::vector<Query> all = queries(5, 64, 2 * kTokens);
  const std::vector<float> sinks = {-100.0f, 0.0f, 3.0f, 5.0f, 60.0f};
  const auto without = attend(*GetParam(), cache, all, 2);
  const auto with = attend(*GetParam(), cache, all, 2, 0.0f, sinks.data());
  for (std::size_t q = 0; q < all.size(); ++q) {
    double total = 0;
    for (std::size_t p = all[q].begin; p < all[q].end; ++p) {
      double score = 0;
      for (std::size_t c = 0; c < 64; ++c)
        score += static_cast<double>(all[q].values[c]) * cache.keys[p * 64 + c];
      total += std::exp(score / 8.0);
    }
    const double share = total / (total + std::exp(static_cast<double>(sinks[q])));
    for (std::size_t c = 0; c < 64; ++c)
      ASSERT_NEAR(with[q][c], share * without[q][c], bfloat ? 0.02 : 1e-4) << sinks[q];
  }
}

TEST_P(AttentionKernel, GivesAQueryTheSameBitsAloneAndInAnyTile) {
  for (const bool in_bytes : {false, true}) {
    const Cache cache(5, 64, 4, in_bytes);
    const std::vector<Query> all = queries(29, 64, 5 * kTokens);
    const auto together = attend(*GetParam(), cache, all, 5);
    for (std::size_t q = 0; q < all.size(); ++q)
      EXPECT_EQ(attend(*GetParam(), cache, {all[q]}, (all[q].end + kTokens - 1) / kTokens)[0],
                together[q])
          << q;
  }
}

TEST_P(AttentionKernel, SurvivesScoresOfAnySize) {
  Cache cache(2, 64, 5);
  std::vector<Query> all = queries(6, 64, 2 * kTokens);
  for (Query& query : all) {
    query.begin = 0;
    for (float& value : query.values) value *= 1e4f;
  }
  for (const std::vector<float>& row : attend(*GetParam(), cache, all, 2))
    for (const float value : row) EXPECT_TRUE(std::isfinite(value));
}

INSTANTIATE_TEST_SUITE_P(Kernel, AttentionKernel,
                         testing::ValuesIn(available_tables().begin(), available_tables().end()),
                         [](const auto& given) { return std::string(given.param->name); });

}  // namespace
}  // namespace nearside::kernels
