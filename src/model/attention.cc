#include "model/attention.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "base/check.h"
#include "kernels/attention.h"
#include "kernels/table.h"

namespace nearside::model {

namespace {

constexpr std::size_t kPageTokens = KvCache::kPageTokens;
constexpr std::size_t kQueriesMax = kernels::kAttentionQueriesMax;

/// Rows of the batch that follow each other in one sequence, as many as a tile takes.
struct Block {
  std::size_t first_row = 0;
  std::size_t rows = 0;
};

/// What a row looks back on: positions [begin, end).
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// One past the last position that the batch has of the sequence of row `index`.
std::size_t sequence_end(const Batch& batch, std::size_t index) {
  std::size_t last = index;
  while (last + 1 < batch.size() && batch[last + 1].sequence == batch[index].sequence) ++last;
  return static_cast<std::size_t>(batch[last].position) + 1;
}

Span looks_at(const Row& row, std::size_t window_tokens) {
  const std::size_t end = static_cast<std::size_t>(row.position) + 1;
  return {.begin = window_tokens != 0 && end > window_tokens ? end - window_tokens : 0, .end = end};
}

std::vector<Block> blocks_of(const Batch& batch, std::size_t rows_max) {
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!blocks.empty() && blocks.back().rows < rows_max &&
        batch[i].sequence == batch[blocks.back().first_row].sequence)
      ++blocks.back().rows;
    else
      blocks.push_back({.first_row = i, .rows = 1});
  }
  return blocks;
}

/// A 64-byte boundary at or after the start of worker's share of `scratch`.
float* share_of(std::vector<float>& scratch, std::size_t worker, std::size_t floats) {
  void* start = scratch.data() + worker * floats;
  std::size_t space = floats * sizeof(float);
  CHECK(std::align(64, 64, start, space) != nullptr);
  return static_cast<float*>(start);
}

class Attention {
 public:
  Attention(const AttentionSettings& settings, const Batch& batch, const KvCache& cache,
            const float* queries, float* out)
      : settings_(settings),
        batch_(batch),
        cache_(cache),
        group_(settings.heads / cache.shape().kv_heads),
        queries_(queries),
        out_(out) {}

  /// Heads that share keys and values, of some rows; a group too wide for a tile goes in parts.
  void block(const Block& rows, std::size_t kv_head, float* scratch,
             const kernels::AttentionFunctions& functions) const {
    for (std::size_t head = 0; head < group_; head += kQueriesMax)
      tile(rows, kv_head, head, std::min(group_ - head, kQueriesMax), scratch, functions);
  }

  [[nodiscard]] std::size_t rows_of_a_tile() const {
    return std::max<std::size_t>(1, kQueriesMax / group_);
  }

 private:
  void tile(const Block& rows, std::size_t kv_head, std::size_t first_head, std::size_t heads,
            float* scratch, const kernels::AttentionFunctions& functions) const {
    const std::size_t head_dim = cache_.shape().head_dim;
    const std::size_t count = rows.rows * heads;
    std::array<const float*, kQueriesMax> in;
    std::array<float*, kQueriesMax> out;
    std::array<Span, kQueriesMax> spans;
    std::array<float, kQueriesMax> sinks;
    const std::size_t whole = settings_.causal ? 0 : sequence_end(batch_, rows.first_row);
    for (std::size_t row = 0; row < rows.rows; ++row) {
      const std::size_t index = rows.first_row + row;
      for (std::size_t head = 0; head < heads; ++head) {
        const std::size_t at =
            (index * settings_.heads + kv_head * group_ + first_head + head) * head_dim;
        in[row * heads + head] = queries_ + at;
        out[row * heads + head] = out_ + at;
        if (settings_.sinks != nullptr)
          sinks[row * heads + head] = settings_.sinks[kv_head * group_ + first_head + head];
        spans[row * heads + head] = settings_.causal
                                        ? looks_at(batch_[index], settings_.window_tokens)
                                        : Span{.begin = 0, .end = whole};
      }
    }
    kernels::AttentionTile tile = kernels::place_attention_tile(scratch, count, head_dim);
    tile.score_cap = settings_.score_cap;
    tile.sinks = settings_.sinks != nullptr ? sinks.data() : nullptr;
    functions.begin(tile, in.data(), settings_.scale);
    // Rows stand in order of position: the first looks back farthest, the last sees the newest.
    const std::size_t pages_end = (spans[count - 1].end + kPageTokens - 1) / kPageTokens;
    const SequenceIndex sequence = batch_[rows.first_row].sequence;
    for (std::size_t page = spans[0].begin / kPageTokens; page < pages_end; ++page) {
      std::array<kernels::AttentionRange, kQueriesMax> ranges;
      const auto within = [&](std::size_t position) {
        const std::size_t first = page * kPageTokens;
        return static_cast<std::uint32_t>(std::clamp(position, first, first + kPageTokens) - first);
      };
      for (std::size_t q = 0; q < count; ++q)
        ranges[q] = {.begin = within(spans[q].begin), .end = within(spans[q].end)};
      if (cache_.shape().type == KvType::kF16)
        functions.add_page(tile, cache_.page(settings_.layer, sequence, page, kv_head),
                           ranges.data());
      else
        functions.add_quantized_page(
            tile, cache_.quantized_page(settings_.layer, sequence, page, kv_head), ranges.data());
    }
    functions.end(tile, out.data());
  }

  const AttentionSettings& settings_;
  const Batch& batch_;
  const KvCache& cache_;
  std::size_t group_;
  const float* queries_;
  float* out_;
};

}  // namespace

void attend(const AttentionSettings& settings, const Batch& batch, const KvCache& cache,
            const float* queries, float* out, std::vector<float>& scratch,
            kernels::Context& context) {
  const KvShape& shape = cache.shape();
  const Attention attention(settings, batch, cache, queries, out);
  const std::vector<Block> blocks = blocks_of(batch, attention.rows_of_a_tile());
  const std::size_t floats = kernels::attention_tile_floats(kQueriesMax, shape.head_dim) + 16;
  if (scratch.size() < context.pool.size() * floats) scratch.resize(context.pool.size() * floats);
  // The last blocks of a prompt see the most: they go first, so that no thread is left with one.
  const std::size_t items = blocks.size() * shape.kv_heads;
  std::atomic<std::size_t> next{0};
  const auto work = [&](std::size_t worker) {
    float* const own = share_of(scratch, worker, floats);
    for (std::size_t item = next.fetch_add(1, std::memory_order_relaxed); item < items;
         item = next.fetch_add(1, std::memory_order_relaxed))
      attention.block(blocks[blocks.size() - 1 - item / shape.kv_heads], item % shape.kv_heads, own,
                      *context.table.attention);
  };
  if (items == 1)
    work(0);
  else
    context.pool.run(work);
}

}  // namespace nearside::model
