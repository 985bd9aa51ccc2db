#include "text/merge_table.h"

#include <bit>

#include "text/seeded_hash.h"

namespace nearside::text {

base::Result<MergeTable> MergeTable::build(const std::vector<Merge>& merges) {
  MergeTable table;
  const std::size_t size = std::bit_ceil(merges.size() * 2 + 1);
  for (std::uint64_t attempt = 0; attempt < kSeedsTried; ++attempt) {
    table.seed_ = mix(attempt + 1);
    table.slots_.assign(size, Slot{});
    bool placed = true;
    for (std::size_t rank = 0; rank < merges.size() && placed; ++rank) {
      const std::uint64_t pair = pair_of(merges[rank].left, merges[rank].right);
      const std::uint64_t hash = mix(pair ^ table.seed_);
      std::size_t probe = 0;
      for (; probe < kProbesMax; ++probe) {
        Slot& slot = table.slots_[(hash + probe) & (size - 1)];
        if (slot.pair == pair) break;
        if (slot.pair != kEmpty) continue;
        slot = {pair, static_cast<std::int32_t>(rank), merges[rank].result};
        break;
      }
      placed = probe < kProbesMax;
    }
    if (placed) return table;
  }
  return base::fail(base::Code::kCorrupt,
                    "the vocabulary's {} merges are made to collide in a hash table",
                    merges.size());
}

MergeTable::Found MergeTable::find(std::int32_t left, std::int32_t right) const {
  const std::uint64_t pair = pair_of(left, right);
  const std::uint64_t hash = mix(pair ^ seed_);
  for (std::size_t probe = 0; probe < kProbesMax; ++probe) {
    const Slot& slot = slots_[(hash + probe) & (slots_.size() - 1)];
    if (slot.pair == pair) return {slot.rank, slot.result};
    if (slot.pair == kEmpty) break;
  }
  return {};
}

}  // namespace nearside::text
