#include "model/kv_cache.h"

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

TEST(KvCache, CountsItsBytesWithoutOverflow) {
  EXPECT_EQ(small().bytes(), 2U * 2U * 2U * 2U * 4U * 3U * 3U * KvCache::kPageTokens);
  KvShape absurd = small();
  absurd.context_tokens_max = std::size_t{1} << 60U;
  EXPECT_EQ(absurd.bytes(), ~std::size_t{0});
}

TEST(KvCacheDeathTest, RefusesMoreThanTheContext) {
  KvCache cache(small());
  EXPECT_DEATH(cache.reserve(0, 151), "context_tokens_max");
}

}  // namespace
}  // namespace nearside::model
