// The rows of one forward pass: tokens of several sequences, prompts and generation mixed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/kv_cache.h"

namespace nearside::model {

using TokenId = std::int32_t;

class Adapter;

/// An adapter as one request wants it: its effect times `scale`.
struct RowAdapter {
  const Adapter* adapter = nullptr;
  float scale = 1.0F;
  friend bool operator==(const RowAdapter&, const RowAdapter&) = default;
};

/// One token at one position of one sequence.
struct Row {
  SequenceIndex sequence = 0;
  std::uint32_t position = 0;
  TokenId token = 0;
  bool wants_logits = false;
  const RowAdapter* adapter = nullptr;  // null: the model as it is. Rows of one sequence share one
};

/// Rows of one sequence follow each other in order of position, and every earlier position of that
/// sequence is either in the cache or in the batch.
using Batch = std::vector<Row>;

[[nodiscard]] inline std::size_t logits_rows(const Batch& batch) {
  std::size_t count = 0;
  for (const Row& row : batch) count += row.wants_logits ? 1 : 0;
  return count;
}

}  // namespace nearside::model
