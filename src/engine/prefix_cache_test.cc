#include "engine/prefix_cache.h"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

using model::KvCache;
using model::TokenId;

/// Sequence 0 of a cache stands for whatever is running.
class PrefixCacheTest : public testing::Test {
 protected:
  static std::vector<TokenId> counting(std::size_t count, TokenId first = 0) {
    std::vector<TokenId> tokens(count);
    std::iota(tokens.begin(), tokens.end(), first);
    return tokens;
  }
  /// Keeps what a sequence of these tokens would have computed, and lets the sequence go.
  void compute(PrefixCache& prefixes, std::string_view space, const std::vector<TokenId>& tokens) {
    cache_.reserve(0, tokens.size());
    prefixes.keep(space, tokens, cache_.pages(0));
    cache_.clear(0);
  }

  KvCache cache_{{.layers = 1,
                  .kv_heads = 1,
                  .head_dim = 2,
                  .sequences_max = 1,
                  .context_tokens_max = 512,
                  .retained_pages_max = 8}};
};

TEST_F(PrefixCacheTest, FindsWholePagesOfAPrefix) {
  PrefixCache prefixes(cache_, 8);
  compute(prefixes, "a", counting(200));  // three pages and a piece
  EXPECT_EQ(prefixes.pages(), 3U);
  EXPECT_EQ(prefixes.find("a", counting(300)).tokens, 192U);
  EXPECT_EQ(prefixes.find("a", counting(300)).pages.size(), 3U);
  EXPECT_EQ(prefixes.find("a", counting(300, 1)).tokens, 0U);
}

TEST_F(PrefixCacheTest, FindsAPartOfAPage) {
  PrefixCache prefixes(cache_, 8);
  compute(prefixes, "a", counting(128));
  EXPECT_EQ(prefixes.find("a", counting(127)).tokens, 127U);
  std::vector<TokenId> other = counting(128);
  for (const TokenId differs : {9999, 0}) {  // after and before the kept one in order
    other[100] = differs;
    const auto found = prefixes.find("a", other);
    EXPECT_EQ(found.tokens, 100U);
    EXPECT_EQ(found.pages.size(), 2U);
  }
  other = counting(128);
  other[66] = 0;
  EXPECT_EQ(prefixes.find("a", other).tokens, 64U);  // two tokens are not worth a copy
}

TEST_F(PrefixCacheTest, SpacesSeeNothingOfEachOther) {
  PrefixCache prefixes(cache_, 8);
  compute(prefixes, "a", counting(128));
  EXPECT_EQ(prefixes.find("b", counting(128)).tokens, 0U);
}

TEST_F(PrefixCacheTest, PagesOutliveTheirSequenceUntilTheyAreForgotten) {
  {
    PrefixCache prefixes(cache_, 8);
    compute(prefixes, "a", counting(128));
    EXPECT_EQ(cache_.pages_in_use(), 2U);
  }
  EXPECT_EQ(cache_.pages_in_use(), 0U);
}

TEST_F(PrefixCacheTest, KnownPagesAreNotKeptTwice) {
  PrefixCache prefixes(cache_, 8);
  compute(prefixes, "a", counting(128));
  compute(prefixes, "a", counting(192));
  EXPECT_EQ(cache_.pages_in_use(), 3U);
}

TEST_F(PrefixCacheTest, ForgetsTheLeastRecentlyUsedDeepestFirst) {
  PrefixCache prefixes(cache_, 4);
  compute(prefixes, "a", counting(192));                    // three pages
  compute(prefixes, "b", counting(64, 1000));               // one
  EXPECT_EQ(prefixes.find("a", counting(64)).tokens, 64U);  // the first of a's is used again
  compute(prefixes, "c", counting(64, 2000));
  EXPECT_EQ(prefixes.pages(), 4U);
  EXPECT_EQ(prefixes.find("a", counting(192)).tokens, 128U);
  EXPECT_EQ(prefixes.find("b", counting(64, 1000)).tokens, 64U);
}

TEST_F(PrefixCacheTest, KeepsTheBeginningOfWhatIsLongerThanItsBudget) {
  PrefixCache prefixes(cache_, 2);
  compute(prefixes, "a", counting(64, 1000));
  compute(prefixes, "a", counting(256));
  EXPECT_EQ(prefixes.pages(), 2U);
  EXPECT_EQ(prefixes.find("a", counting(256)).tokens, 128U);
}

TEST_F(PrefixCacheTest, BudgetOfNothingKeepsNothing) {
  PrefixCache prefixes(cache_, 0);
  compute(prefixes, "a", counting(256));
  EXPECT_EQ(prefixes.pages(), 0U);
  EXPECT_EQ(cache_.pages_in_use(), 0U);
}

}  // namespace
}  // namespace nearside::engine
