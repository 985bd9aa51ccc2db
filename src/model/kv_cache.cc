#include "model/kv_cache.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace nearside::model {

namespace {

constexpr std::size_t kUncountable = std::numeric_limits<std::size_t>::max();

}  // namespace

std::size_t KvShape::pages() const {
  const std::size_t of_one = context_tokens_max / KvCache::kPageTokens +
                             (context_tokens_max % KvCache::kPageTokens != 0 ? 1 : 0);
  std::size_t count = 0;
  if (__builtin_mul_overflow(of_one, sequences_max, &count) ||
      __builtin_add_overflow(count, retained_pages_max, &count))
    return kUncountable;
  return count;
}

std::size_t KvShape::bytes() const {
  std::size_t product = 2 * sizeof(std::uint16_t) * KvCache::kPageTokens;
  for (const std::size_t factor : {layers, kv_heads, head_dim, pages()})
    if (__builtin_mul_overflow(product, factor, &product)) return kUncountable;
  return product;
}

KvCache::KvCache(const KvShape& shape)
    : shape_(shape),
      pages_count_(shape.pages()),
      pages_(shape.sequences_max),
      holders_(pages_count_, 0) {
  const std::size_t elements =
      shape.layers * pages_count_ * shape.kv_heads * kPageTokens * shape.head_dim;
  // Not zeroed: the operating system hands out untouched memory lazily.
  keys_ = std::make_unique_for_overwrite<std::uint16_t[]>(elements);
  values_ = std::make_unique_for_overwrite<std::uint16_t[]>(elements);
  free_pages_.reserve(pages_count_);
  for (std::size_t i = pages_count_; i > 0; --i)
    free_pages_.push_back(static_cast<PageIndex>(i - 1));
}

PageIndex KvCache::take_free_page() {
  CHECK(!free_pages_.empty());
  const PageIndex page = free_pages_.back();
  free_pages_.pop_back();
  holders_[page] = 1;
  return page;
}

void KvCache::reserve(SequenceIndex sequence, std::size_t tokens) {
  CHECK(tokens <= shape_.context_tokens_max);
  std::vector<PageIndex>& pages = pages_.at(sequence);
  while (pages.size() * kPageTokens < tokens) pages.push_back(take_free_page());
}

void KvCache::clear(SequenceIndex sequence) { truncate(sequence, 0); }

void KvCache::truncate(SequenceIndex sequence, std::size_t tokens) {
  std::vector<PageIndex>& pages = pages_.at(sequence);
  CHECK(tokens <= pages.size() * kPageTokens);
  const std::size_t kept = (tokens + kPageTokens - 1) / kPageTokens;
  while (pages.size() > kept) {
    release({&pages.back(), 1});
    pages.pop_back();
  }
  if (tokens % kPageTokens == 0 || holders_[pages.back()] == 1) return;
  const PageIndex own = take_free_page();
  copy_page(pages.back(), own);
  release({&pages.back(), 1});
  pages.back() = own;
}

void KvCache::adopt(SequenceIndex sequence, std::span<const PageIndex> pages) {
  std::vector<PageIndex>& own = pages_.at(sequence);
  CHECK(own.empty());
  CHECK(pages.size() * kPageTokens < shape_.context_tokens_max + kPageTokens);
  retain(pages);
  own.assign(pages.begin(), pages.end());
}

void KvCache::retain(std::span<const PageIndex> pages) {
  for (const PageIndex page : pages) {
    CHECK(holders_.at(page) > 0);
    ++holders_[page];
  }
}

void KvCache::release(std::span<const PageIndex> pages) {
  for (const PageIndex page : pages) {
    CHECK(holders_.at(page) > 0);
    if (--holders_[page] == 0) free_pages_.push_back(page);
  }
}

void KvCache::copy_page(PageIndex from, PageIndex to) {
  const std::size_t elements = shape_.kv_heads * kPageTokens * shape_.head_dim;
  for (std::size_t layer = 0; layer < shape_.layers; ++layer) {
    const std::size_t first = layer * pages_count_;
    for (std::uint16_t* const half : {keys_.get(), values_.get()})
      std::copy_n(half + (first + from) * elements, elements, half + (first + to) * elements);
  }
}

std::size_t KvCache::pages_in_use() const { return pages_count_ - free_pages_.size(); }

}  // namespace nearside::model
