// Byte-pair merging inside one word: the inner loop of BPE encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "text/merge_table.h"

namespace nearside::text {

/// Merges neighbours of `symbols`, the best-ranked pair first and the leftmost of equals, until
/// none merges; `symbols` holds the result. O(n log n) for n symbols. Returns the steps taken
/// (pairs looked up or taken from the queue), which tests bound.
std::size_t merge_symbols(const MergeTable& merges, std::vector<std::int32_t>& symbols);

}  // namespace nearside::text
