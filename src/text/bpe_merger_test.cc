#include "text/bpe_merger.h"

#include <random>

#include <gtest/gtest.h>

namespace nearside::text {
namespace {

/// Symbols 0..3 are letters; the merges make longer runs of them.
std::vector<Merge> random_merges(std::mt19937& random, std::int32_t count) {
  std::vector<Merge> merges;
  for (std::int32_t i = 0; i < count; ++i) {
    std::uniform_int_distribution<std::int32_t> symbol(0, 3 + i);
    merges.push_back({symbol(random), symbol(random), 4 + i});
  }
  return merges;
}

/// The definition: merge the leftmost of the best pairs until there is none.
std::vector<std::int32_t> merge_plainly(const MergeTable& table,
                                        std::vector<std::int32_t> symbols) {
  while (true) {
    std::size_t best = symbols.size();
    std::int32_t rank = MergeTable::kNoRank;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
      if (const auto found = table.find(symbols[i], symbols[i + 1]); found.rank < rank) {
        best = i;
        rank = found.rank;
      }
    if (best == symbols.size()) return symbols;
    symbols[best] = table.find(symbols[best], symbols[best + 1]).result;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(BpeMerger, AgreesWithTheDefinitionOnShortAndLongWords) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    const MergeTable table = MergeTable::build(random_merges(random, 1 + round)).value();
    for (const std::size_t length : {0U, 1U, 2U, 3U, 31U, 32U, 33U, 200U}) {
      std::vector<std::int32_t> symbols(length);
      for (std::int32_t& symbol : symbols) symbol = static_cast<std::int32_t>(random() % 4);
      const std::vector<std::int32_t> expected = merge_plainly(table, symbols);
      merge_symbols(table, symbols);
      EXPECT_EQ(symbols, expected) << "round " << round << ", length " << length;
    }
  }
}

TEST(BpeMerger, TakesStepsInProportionToALongWord) {
  std::vector<Merge> merges;  // a a -> aa, aa aa -> aaaa, ...
  for (std::int32_t i = 0; i < 16; ++i) merges.push_back({i, i, i + 1});
  const MergeTable table = MergeTable::build(merges).value();
  std::vector<std::int32_t> symbols(1U << 18U, 0);
  const std::size_t steps = merge_symbols(table, symbols);
  EXPECT_EQ(symbols.size(), 4U);
  // Each merge takes one symbol away, looks two pairs up and takes at most three from the queue.
  EXPECT_LE(steps, 6U << 18U);
}

TEST(MergeTable, KeepsTheBetterPlaceOfAPairThatComesTwice) {
  const MergeTable table = MergeTable::build({{1, 2, 7}, {3, 4, 8}, {1, 2, 9}}).value();
  EXPECT_EQ(table.find(1, 2).rank, 0);
  EXPECT_EQ(table.find(1, 2).result, 7);
  EXPECT_EQ(table.find(2, 1).rank, MergeTable::kNoRank);
}

}  // namespace
}  // namespace nearside::text
