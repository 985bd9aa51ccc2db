#include "model/kv_cache.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/half.h"
#include "kernels/tables.h"

namespace nearside::model {
namespace {

KvShape small() {
  return {.layers = 2, .kv_heads = 2, .head_dim = 4, .sequences_max = 3, .context_tokens_max = 150};
}

TEST(KvCache, TakesPagesOnlyAsASequenceGrows) {
  KvCache cache(small());
  EXPECT_EQ(cache.pages_in_use(), 0U);
  cache.reserve(0, 1);
  EXPECT_EQ(cache.pages_in_use(), 1U);
  cache.reserve(0, KvCache::kPageTokens);
  EXPECT_EQ(cache.pages_in_use(), 1U);
  cache.reserve(0, KvCache::kPageTokens + 1);
  EXPECT_EQ(cache.pages_in_use(), 2U);
}

TEST(KvCache, HoldsEverySequenceAtItsFullContext) {
  KvCache cache(small());
  for (SequenceIndex i = 0; i < 3; ++i) cache.reserve(i, 150);
  EXPECT_EQ(cache.pages_in_use(), 9U);
}

TEST(KvCache, ClearedSequenceGivesItsPagesBack) {
  KvCache cache(small());
  cache.reserve(1, 150);
  cache.clear(1);
  EXPECT_EQ(cache.pages_in_use(), 0U);
  cache.clear(1);
  EXPECT_EQ(cache.pages_in_use(), 0U);
}

/// Stores a value of its own for every position of every head of a page.
void fill(KvCache& cache, SequenceIndex sequence, std::size_t index, float stamp) {
  for (std::size_t layer = 0; layer < 2; ++layer)
    for (std::size_t head = 0; head < 2; ++head)
      for (std::size_t slot = 0; slot < KvCache::kPageTokens; ++slot) {
        const std::vector<float> key(4, stamp);
        const std::vector<float> value(4, -stamp);
        cache.store(layer, sequence, index * KvCache::kPageTokens + slot, head,
                    {.key = key.data(), .value = value.data()}, kernels::scalar_table());
      }
}

bool holds(KvCache& cache, SequenceIndex sequence, std::size_t index, float stamp) {
  for (std::size_t layer = 0; layer < 2; ++layer)
    for (std::size_t head = 0; head < 2; ++head) {
      const kernels::AttentionPage page = cache.page(layer, sequence, index, head);
      for (std::size_t slot = 0; slot < KvCache::kPageTokens; ++slot)
        for (std::size_t c = 0; c < 4; ++c)
          if (kernels::f16_to_f32(page.keys[(c / 2 * KvCache::kPageTokens + slot) * 2 + c % 2]) !=
                  stamp ||
              kernels::f16_to_f32(page.values[(slot / 2 * 16 + c) * 2 + slot % 2]) != -stamp)
            return false;
    }
  return true;
}

TEST(KvCache, KeepsPagesOfSequencesLayersAndHeadsApart) {
  KvCache cache(small());
  for (SequenceIndex i = 0; i < 3; ++i) cache.reserve(i, 128);
  for (SequenceIndex i = 0; i < 3; ++i)
    for (std::size_t page = 0; page < 2; ++page)
      fill(cache, i, page, static_cast<float>(10 * i + page + 1));
  for (SequenceIndex i = 0; i < 3; ++i)
    for (std::size_t page = 0; page < 2; ++page)
      EXPECT_TRUE(holds(cache, i, page, static_cast<float>(10 * i + page + 1)));
}

TEST(KvCache, GivesPagesOutWithoutTheValuesOfThoseWhoHadThem) {
  KvCache cache(small());
  cache.reserve(0, 64);
  fill(cache, 0, 0, NAN);
  cache.clear(0);
  cache.reserve(1, 64);
  const kernels::AttentionPage page = cache.page(1, 1, 0, 1);
  EXPECT_TRUE(std::all_of(page.values, page.values + 16 * KvCache::kPageTokens,
                          [](kernels::Half value) { return value == 0; }));
}

TEST(KvCache, TruncatedSequenceKeepsOnlyThePagesItNeeds) {
  KvCache cache(small());
  cache.reserve(0, 150);
  cache.truncate(0, 65);
  EXPECT_EQ(cache.pages_in_use(), 2U);
  cache.truncate(0, 64);
  EXPECT_EQ(cache.pages_in_use(), 1U);
  cache.truncate(0, 0);
  EXPECT_EQ(cache.pages_in_use(), 0U);
}

TEST(KvCache, AdoptedPagesAreSharedAndOutliveWhoeverFilledThem) {
  KvCache cache(small());
  cache.reserve(0, 128);
  fill(cache, 0, 0, 7);
  fill(cache, 0, 1, 8);
  cache.adopt(1, cache.pages(0));
  EXPECT_EQ(cache.pages_in_use(), 2U);
  cache.clear(0);
  EXPECT_EQ(cache.pages_in_use(), 2U);
  EXPECT_TRUE(holds(cache, 1, 0, 7));
  EXPECT_TRUE(holds(cache, 1, 1, 8));
  cache.reserve(1, 129);
  EXPECT_EQ(cache.pages_in_use(), 3U);
  cache.clear(1);
  EXPECT_EQ(cache.pages_in_use(), 0U);
}

TEST(KvCache, TruncatingIntoASharedPageCopiesIt) {
  KvCache cache(small());
  cache.reserve(0, 128);
  fill(cache, 0, 0, 7);
  fill(cache, 0, 1, 8);
  cache.adopt(1, cache.pages(0));
  cache.truncate(1, 100);
  EXPECT_EQ(cache.pages(1)[0], cache.pages(0)[0]);
  EXPECT_NE(cache.pages(1)[1], cache.pages(0)[1]);
  EXPECT_TRUE(holds(cache, 1, 1, 8));
  fill(cache, 1, 1, 9);
  EXPECT_TRUE(holds(cache, 0, 1, 8));
}

TEST(KvCache, TruncatingAtAPageBoundaryOrInAnOwnPageCopiesNothing) {
  KvCache cache(small());
  cache.reserve(0, 128);
  cache.adopt(1, cache.pages(0));
  cache.truncate(1, 64);
  EXPECT_EQ(cache.pages_in_use(), 2U);
  cache.truncate(0, 100);
  EXPECT_EQ(cache.pages_in_use(), 2U);
}

TEST(KvCache, RetainedPagesStayUntilReleased) {
  KvShape shape = small();
  shape.retained_pages_max = 2;
  KvCache cache(shape);
  cache.reserve(0, 128);
  const std::vector<PageIndex> prefix(cache.pages(0).begin(), cache.pages(0).end());
  cache.retain(prefix);
  cache.clear(0);
  EXPECT_EQ(cache.pages_in_use(), 2U);
  for (SequenceIndex i = 0; i < 3; ++i) cache.reserve(i, 150);
  EXPECT_EQ(cache.pages_free(), 0U);
  for (SequenceIndex i = 0; i < 3; ++i) cache.clear(i);
  cache.adopt(2, prefix);
  cache.release(prefix);
  EXPECT_EQ(cache.pages_in_use(), 2U);
  cache.clear(2);
  EXPECT_EQ(cache.pages_in_use(), 0U);
}

TEST(KvCache, CountsItsBytesWithoutOverflow) {
  EXPECT_EQ(small().bytes(), 2U * 2U * 2U * 2U * 16U * 3U * 3U * KvCache::kPageTokens);
  KvShape absurd = small();
  absurd.context_tokens_max = std::size_t{1} << 60U;
  EXPECT_EQ(absurd.bytes(), ~std::size_t{0});
  absurd.context_tokens_max = ~std::size_t{0};
  EXPECT_EQ(absurd.bytes(), ~std::size_t{0});
}

TEST(KvCacheDeathTest, RefusesToAdoptAFreePage) {
  KvCache cache(small());
  const PageIndex page = 0;
  EXPECT_DEATH(cache.adopt(0, {&page, 1}), "holders_");
}

TEST(KvCacheDeathTest, RefusesMoreThanTheContext) {
  KvCache cache(small());
  EXPECT_DEATH(cache.reserve(0, 151), "context_tokens_max");
}

}  // namespace
}  // namespace nearside::model
