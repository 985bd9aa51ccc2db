// Which two neighbouring tokens may become one, and in which order of preference.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace nearside::text {

struct Merge {
  std::int32_t left = -1;
  std::int32_t right = -1;
  std::int32_t result = -1;
};

/// Immutable after build; thread-safe. Bounded like TokenTable, for the same reason.
class MergeTable {
 public:
  /// `merges` best first. Where a pair comes twice the better place counts.
  /// Errors: kCorrupt (pairs that collide under every seed).
  static base::Result<MergeTable> build(const std::vector<Merge>& merges);

  struct Found {
    std::int32_t rank = kNoRank;  // lower merges first
    std::int32_t result = -1;
  };
  static constexpr std::int32_t kNoRank = INT32_MAX;

  /// Rank kNoRank where the two do not merge.
  [[nodiscard]] Found find(std::int32_t left, std::int32_t right) const;

 private:
  struct Slot {
    std::uint64_t pair = kEmpty;
    std::int32_t rank = kNoRank;
    std::int32_t result = -1;
  };
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
  static std::uint64_t pair_of(std::int32_t left, std::int32_t right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32U |
           static_cast<std::uint32_t>(right);
  }
  std::vector<Slot> slots_;  // a power of two of them
  std::uint64_t seed_ = 0;
};

}  // namespace nearside::text
