#include "model/kv_cache.h"

#include <limits>

#include "base/check.h"

namespace nearside::model {

std::size_t KvShape::bytes() const {
  const std::size_t pages = (context_tokens_max + KvCache::kPageTokens - 1) / KvCache::kPageTokens;
  std::size_t product = 2 * sizeof(std::uint16_t) * KvCache::kPageTokens;
  for (const std::size_t factor : {layers, kv_heads, head_dim, sequences_max, pages})
    if (__builtin_mul_overflow(product, factor, &product))
      return std::numeric_limits<std::size_t>::max();
  return product;
}

KvCache::KvCache(const KvShape& shape) : shape_(shape), pages_(shape.sequences_max) {
  const std::size_t pages_of_one = (shape.context_tokens_max + kPageTokens - 1) / kPageTokens;
  pages_count_ = pages_of_one * shape.sequences_max;
  const std::size_t elements =
      shape.layers * pages_count_ * shape.kv_heads * kPageTokens * shape.head_dim;
  // Not zeroed: the operating system hands out untouched memory lazily.
  keys_ = std::make_unique_for_overwrite<std::uint16_t[]>(elements);
  values_ = std::make_unique_for_overwrite<std::uint16_t[]>(elements);
  free_pages_.reserve(pages_count_);
  for (std::size_t i = pages_count_; i > 0; --i)
    free_pages_.push_back(static_cast<std::uint32_t>(i - 1));
}

void KvCache::reserve(SequenceIndex sequence, std::size_t tokens) {
  CHECK(tokens <= shape_.context_tokens_max);
  std::vector<std::uint32_t>& pages = pages_.at(sequence);
  while (pages.size() * kPageTokens < tokens) {
    CHECK(!free_pages_.empty());
    pages.push_back(free_pages_.back());
    free_pages_.pop_back();
  }
}

void KvCache::clear(SequenceIndex sequence) {
  std::vector<std::uint32_t>& pages = pages_.at(sequence);
  free_pages_.insert(free_pages_.end(), pages.rbegin(), pages.rend());
  pages.clear();
}

std::size_t KvCache::pages_in_use() const { return pages_count_ - free_pages_.size(); }

}  // namespace nearside::model
