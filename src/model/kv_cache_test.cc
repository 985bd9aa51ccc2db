#include "model/kv_cache.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

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

TEST(KvCache, KeepsPagesOfSequencesLayersAndHeadsApart) {
  KvCache cache(small());
  for (SequenceIndex i = 0; i < 3; ++i) cache.reserve(i, 128);
  std::uint16_t stamp = 0;
  const auto for_each = [&](const auto& visit) {
    stamp = 0;
    for (std::size_t layer = 0; layer < 2; ++layer)
      for (SequenceIndex sequence = 0; sequence < 3; ++sequence)
        for (std::size_t page = 0; page < 2; ++page)
          for (std::size_t head = 0; head < 2; ++head) {
            visit(cache.key_page(layer, sequence, page, head));
            visit(cache.value_page(layer, sequence, page, head));
          }
  };
  const std::size_t elements = KvCache::kPageTokens * 4;
  for_each([&](std::uint16_t* page) {
    ++stamp;
    for (std::size_t i = 0; i < elements; ++i) page[i] = stamp;
  });
  for_each([&](const std::uint16_t* page) {
    ++stamp;
    EXPECT_EQ(page[0], stamp);
    EXPECT_EQ(page[elements - 1], stamp);
  });
}

/// Stores `stamp` into all that the page at `index` of the sequence keeps.
void fill(KvCache& cache, SequenceIndex sequence, std::size_t index, std::uint16_t stamp) {
  const std::size_t elements = KvCache::kPageTokens * 4;
  for (std::size_t layer = 0; layer < 2; ++layer)
    for (std::size_t head = 0; head < 2; ++head) {
      std::fill_n(cache.key_page(layer, sequence, index, head), elements, stamp);
      std::fill_n(cache.value_page(layer, sequence, index, head), elements, stamp);
    }
}

bool holds(KvCache& cache, SequenceIndex sequence, std::size_t index, std::uint16_t stamp) {
  const std::size_t elements = KvCache::kPageTokens * 4;
  for (std::size_t layer = 0; layer < 2; ++layer)
    for (std::size_t head = 0; head < 2; ++head)
      for (const std::uint16_t* page : {cache.key_page(layer, sequence, index, head),
                                        cache.value_page(layer, sequence, index, head)})
        if (!std::all_of(page, page + elements, [&](std::uint16_t v) { return v == stamp; }))
          return false;
  return true;
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
  EXPECT_EQ(small().bytes(), 2U * 2U * 2U * 2U * 4U * 3U * 3U * KvCache::kPageTokens);
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
