// Attention of a batch's queries over the keys and values in the cache.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/matmul.h"
#include "model/batch.h"
#include "model/kv_cache.h"

namespace nearside::model {

struct AttentionSettings {
  std::size_t layer = 0;
  std::size_t heads = 0;  // of queries; a multiple of the cache's kv_heads
  float scale = 1.0F;     // of a query's product with a key
  /// Positions a query looks back on, itself included; 0: all.
  std::size_t window_tokens = 0;
  /// Scores s become cap * tanh(s / cap) before they are weighed; 0: they stay. Source:
  /// https://arxiv.org/abs/2408.00118, section 2.
  float score_cap = 0.0F;
  /// A score of each query head that takes weight and gives no value: [heads], or null: none.
  /// Source: https://arxiv.org/abs/2309.17453, section 3.2, learned as in gpt-oss.
  const float* sinks = nullptr;
  /// False: every row looks at all positions of its sequence up to the last one in the batch.
  bool causal = true;
};

/// out[row, head] = sum over positions p of softmax(scale * query[row, head] . key[p]) value[p],
/// for p up to the row's position, or up to the last of the sequence where not causal. The
/// arithmetic of each row and head depends on its own pages alone (kernels/attention.h): results do
/// not depend on the batch or the thread count. Shapes: queries, out [row, heads, head_dim];
/// scratch is grown to what all workers need. REQUIRES: the batch's keys and values are in the
/// cache already.
void attend(const AttentionSettings& settings, const Batch& batch, const KvCache& cache,
            const float* queries, float* out, std::vector<float>& scratch,
            kernels::Context& context);

}  // namespace nearside::model
