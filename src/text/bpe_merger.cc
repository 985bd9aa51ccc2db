#include "text/bpe_merger.h"

#include <algorithm>
#include <array>
#include <queue>

namespace nearside::text {

namespace {

// Words are mostly this short; for them scanning an array for the best pair beats a queue. The
// scans are quadratic in the length, which this bounds.
constexpr std::size_t kScannedMax = 32;

std::size_t merge_short(const MergeTable& merges, std::vector<std::int32_t>& symbols) {
  std::array<MergeTable::Found, kScannedMax> pairs;  // [i] joins symbols i and i + 1
  std::size_t count = symbols.size();
  std::size_t steps = count;
  for (std::size_t i = 0; i + 1 < count; ++i) pairs[i] = merges.find(symbols[i], symbols[i + 1]);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i)
      if (pairs[i].rank < pairs[best].rank) best = i;
    if (pairs[best].rank == MergeTable::kNoRank) break;
    symbols[best] = pairs[best].result;
    std::copy(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 2,
              symbols.begin() + static_cast<std::ptrdiff_t>(count),
              symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    std::copy(pairs.begin() + best + 1, pairs.begin() + count - 1, pairs.begin() + best);
    --count;
    if (best > 0) pairs[best - 1] = merges.find(symbols[best - 1], symbols[best]);
    if (best + 1 < count) pairs[best] = merges.find(symbols[best], symbols[best + 1]);
    steps += 2;
  }
  symbols.resize(count);
  return steps;
}

struct Candidate {
  std::int32_t rank;
  std::uint32_t left;  // index of the symbol
  std::int32_t left_token;
  std::int32_t right_token;
  std::int32_t result;
  /// Ordered so that a max-heap yields the lowest rank, leftmost first.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

struct Node {
  std::int32_t token;
  std::uint32_t previous;
  std::uint32_t next;
};
constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::int32_t kMergedAway = -1;

std::size_t merge_long(const MergeTable& merges, std::vector<std::int32_t>& symbols) {
  const auto count = static_cast<std::uint32_t>(symbols.size());
  std::vector<Node> nodes(count);
  for (std::uint32_t i = 0; i < count; ++i)
    nodes[i] = {symbols[i], i == 0 ? kNone : i - 1, i + 1 == count ? kNone : i + 1};
  std::size_t steps = 0;
  std::vector<Candidate> heap;
  const auto candidate = [&](std::uint32_t left) -> Candidate {
    ++steps;
    const std::uint32_t right = left == kNone ? kNone : nodes[left].next;
    if (right == kNone) return {MergeTable::kNoRank, left, 0, 0, 0};
    const auto found = merges.find(nodes[left].token, nodes[right].token);
    return {found.rank, left, nodes[left].token, nodes[right].token, found.result};
  };
  for (std::uint32_t i = 0; i + 1 < count; ++i)
    if (const Candidate pair = candidate(i); pair.rank != MergeTable::kNoRank) heap.push_back(pair);
  std::make_heap(heap.begin(), heap.end());
  const auto push = [&](std::uint32_t left) {
    const Candidate pair = candidate(left);
    if (pair.rank == MergeTable::kNoRank) return;
    heap.push_back(pair);
    std::push_heap(heap.begin(), heap.end());
  };
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Candidate best = heap.back();
    heap.pop_back();
    ++steps;
    Node& left = nodes[best.left];
    // Entries are not removed when a neighbour changes; one that no longer fits is skipped here.
    if (left.token != best.left_token || left.next == kNone ||
        nodes[left.next].token != best.right_token)
      continue;
    Node& right = nodes[left.next];
    right.token = kMergedAway;
    left.token = best.result;
    left.next = right.next;
    if (left.next != kNone) nodes[left.next].previous = best.left;
    push(left.previous);
    push(best.left);
  }
  symbols.clear();
  for (std::uint32_t i = 0; i != kNone; i = nodes[i].next) symbols.push_back(nodes[i].token);
  return steps;
}

}  // namespace

std::size_t merge_symbols(const MergeTable& merges, std::vector<std::int32_t>& symbols) {
  if (symbols.size() < 2) return 0;
  return symbols.size() <= kScannedMax ? merge_short(merges, symbols) : merge_long(merges, symbols);
}

}  // namespace nearside::text
