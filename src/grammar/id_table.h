// Gives equal things equal small numbers: the hash table behind every interned kind of object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nearside::grammar {

/// Mixes a 64-bit value into a hash. Source: the finalizer of splitmix64 (Steele, Lea, Flood 2014).
inline std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  std::uint64_t z = hash + 0x9e3779b97f4a7c15ULL + value;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// Open addressing over ids; the things themselves live with the caller. Hashes are kept, so that
/// growing does not need them again. Copyable.
class IdTable {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffU;

  /// The id of an equal thing (same hash, and equal(id)), or kNone.
  template <typename Equal>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Equal equal) const {
    if (slots_.empty()) return kNone;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      const Slot& slot = slots_[at];
      if (slot.id == kNone) return kNone;
      if (slot.hash == static_cast<std::uint32_t>(hash >> 32) && equal(slot.id)) return slot.id;
    }
  }

  /// REQUIRES: no equal thing is in it.
  void insert(std::uint64_t hash, std::uint32_t id) {
    if (slots_.empty() || (count_ + 1) * 2 > slots_.size()) grow();
    place({static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(hash), id});
    ++count_;
  }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t low = 0;
    std::uint32_t id = kNone;
  };
  void place(Slot slot) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = slot.low & mask;
    while (slots_[at].id != kNone) at = (at + 1) & mask;
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.id != kNone) place(slot);
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace nearside::grammar
