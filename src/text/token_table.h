// Finds tokens by their text, in constant time whatever a hostile vocabulary holds.
//
// An open-addressing table whose probe runs are bounded: a vocabulary made to collide is tried
// under a few hash seeds and then refused, so nobody can make building or searching slow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nearside::text {

/// Immutable after build; thread-safe.
class TokenTable {
 public:
  struct Entry {
    std::string_view text;  // must outlive the table
    std::int32_t id;
  };

  /// Errors: kCorrupt (one text twice, or texts that collide under every seed).
  static base::Result<TokenTable> build(const std::vector<Entry>& entries);

  /// The token's id, or -1.
  [[nodiscard]] std::int32_t find(std::string_view text) const;

 private:
  struct Slot {
    std::string_view text;
    std::int32_t id = -1;
    std::uint32_t tag = 0;  // upper half of the hash: spares most string comparisons
  };
  std::vector<Slot> slots_;  // a power of two of them
  std::uint64_t seed_ = 0;
};

}  // namespace nearside::text
