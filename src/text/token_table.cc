#include "text/token_table.h"

#include <bit>

#include "text/seeded_hash.h"

namespace nearside::text {

base::Result<TokenTable> TokenTable::build(const std::vector<Entry>& entries) {
  TokenTable table;
  const std::size_t size = std::bit_ceil(entries.size() * 2 + 1);
  for (table.seed_ = 0; table.seed_ < kSeedsTried; ++table.seed_) {
    table.slots_.assign(size, Slot{});
    bool placed = true;
    for (const Entry& entry : entries) {
      const std::uint64_t hash = hash_bytes(entry.text, table.seed_);
      const auto tag = static_cast<std::uint32_t>(hash >> 32U);
      std::size_t probe = 0;
      for (; probe < kProbesMax; ++probe) {
        Slot& slot = table.slots_[(hash + probe) & (size - 1)];
        if (slot.id >= 0 && slot.tag == tag && slot.text == entry.text)
          return base::fail(base::Code::kCorrupt,
                            "the vocabulary has the same text for tokens {} and {}", slot.id,
                            entry.id);
        if (slot.id >= 0) continue;
        slot = {entry.text, entry.id, tag};
        break;
      }
      placed = probe < kProbesMax;
      if (!placed) break;
    }
    if (placed) return table;
  }
  return base::fail(base::Code::kCorrupt,
                    "the vocabulary's {} tokens are made to collide in a hash table",
                    entries.size());
}

std::int32_t TokenTable::find(std::string_view text) const {
  const std::uint64_t hash = hash_bytes(text, seed_);
  const auto tag = static_cast<std::uint32_t>(hash >> 32U);
  for (std::size_t probe = 0; probe < kProbesMax; ++probe) {
    const Slot& slot = slots_[(hash + probe) & (slots_.size() - 1)];
    if (slot.id < 0) return -1;
    if (slot.tag == tag && slot.text == text) return slot.id;
  }
  return -1;
}

}  // namespace nearside::text
