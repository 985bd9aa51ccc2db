#include "model/attention.h"

#include <algorithm>

#include "kernels/table.h"
#include "model/parallel.h"

namespace nearside::model {

namespace {

constexpr std::size_t kPageTokens = KvCache::kPageTokens;
/// Widest head a file may declare (hyperparameters.cc refuses more).
constexpr std::size_t kHeadDimMax = 1024;

/// Calls visit(page, first, count) for the parts of pages that cover positions [begin, end).
template <typename Visit>
void for_each_page(std::size_t begin, std::size_t end, const Visit& visit) {
  for (std::size_t at = begin; at < end;) {
    const std::size_t page = at / kPageTokens;
    const std::size_t stop = std::min(end, (page + 1) * kPageTokens);
    visit(page, at % kPageTokens, stop - at);
    at = stop;
  }
}

}  // namespace

void attend(const AttentionSettings& settings, const Batch& batch, KvCache& cache,
            const float* queries, float* out, std::vector<float>& scores,
            kernels::Context& context) {
  const kernels::Table& table = context.table;
  const std::size_t head_dim = cache.shape().head_dim;
  const std::size_t group = settings.heads / cache.shape().kv_heads;
  std::size_t positions_max = 0;
  for (const Row& row : batch)
    positions_max = std::max(positions_max, static_cast<std::size_t>(row.position) + 1);
  if (scores.size() < context.pool.size() * positions_max)
    scores.resize(context.pool.size() * positions_max);

  const auto attend_head = [&](std::size_t row_index, std::size_t head, float* weights) {
    const Row& row = batch[row_index];
    const std::size_t kv_head = head / group;
    const float* const query = queries + (row_index * settings.heads + head) * head_dim;
    float* const sum = out + (row_index * settings.heads + head) * head_dim;
    const std::size_t end = static_cast<std::size_t>(row.position) + 1;
    const std::size_t begin = settings.window_tokens != 0 && end > settings.window_tokens
                                  ? end - settings.window_tokens
                                  : 0;
    std::size_t done = 0;
    for_each_page(begin, end, [&](std::size_t page, std::size_t first, std::size_t count) {
      const kernels::CachedHead<kernels::Half> keys{
          .data = cache.key_page(settings.layer, row.sequence, page, kv_head) + first * head_dim,
          .stride = head_dim,
          .positions = count,
          .head_dim = head_dim};
      table.scores_f16(query, keys, weights + done);
      done += count;
    });
    table.softmax(weights, nullptr, done, settings.scale);
    done = 0;
    for_each_page(begin, end, [&](std::size_t page, std::size_t first, std::size_t count) {
      const kernels::CachedHead<kernels::Half> values{
          .data = cache.value_page(settings.layer, row.sequence, page, kv_head) + first * head_dim,
          .stride = head_dim,
          .positions = count,
          .head_dim = head_dim};
      if (done == 0) {
        table.weighted_sum_f16(weights, values, sum);
      } else {
        float page_sum[kHeadDimMax];
        table.weighted_sum_f16(weights + done, values, page_sum);
        table.add(sum, page_sum, head_dim, sum);
      }
      done += count;
    });
  };

  // Heads outermost: the rows of a prompt that follow each other read the same keys.
  for_each_index(context.pool, batch.size() * settings.heads,
                 [&](std::size_t index, std::size_t worker) {
                   attend_head(index % batch.size(), index / batch.size(),
                               scores.data() + worker * positions_max);
                 });
}

}  // namespace nearside::model
