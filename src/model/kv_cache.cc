#include "model/kv_cache.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "kernels/table.h"

namespace nearside::model {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kUncountable = std::numeric_limits<std::size_t>::max();

constexpr std::size_t kHeadDimMax = std::size_t{1} << 20;

/// Of one head of one page; a multiple of kAlignment.
std::size_t page_head_bytes(const KvShape& shape) {
  const std::size_t columns = kernels::attention_columns(shape.head_dim);
  const std::size_t elements = 2 * columns * KvCache::kPageTokens;
  if (shape.type == KvType::kF16) return elements * sizeof(kernels::Half);
  return elements +
         2 * kernels::attention_blocks(columns) * KvCache::kPageTokens * sizeof(kernels::Half);
}

/// A block of a head's columns in 8 bits.
struct Block {
  kernels::Half scale;
  std::int8_t values[kernels::kAttentionBlockColumns];
};

/// As Q8_0 does it: the greatest magnitude becomes 127.
Block quantize(const float* x, std::size_t count, const kernels::Table& table) {
  float greatest = 0.0F;
  for (std::size_t i = 0; i < count; ++i) greatest = std::max(greatest, std::fabs(x[i]));
  Block out;
  const float scale = greatest / 127.0F;
  table.f32_to_f16(&scale, 1, &out.scale);
  float rounded = 0.0F;
  table.f16_to_f32(&out.scale, 1, &rounded);
  const float inverse = rounded > 0.0F ? 1.0F / rounded : 0.0F;
  // fmin and fmax turn what is not a number into one.
  for (std::size_t i = 0; i < count; ++i)
    out.values[i] = static_cast<std::int8_t>(
        std::nearbyint(std::fmax(-127.0F, std::fmin(127.0F, x[i] * inverse))));
  return out;
}

/// Where a position's columns go within a page (kernels/attention.h).
struct Place {
  std::size_t slot = 0;
  std::size_t columns = 0;
  std::size_t head_dim = 0;

  [[nodiscard]] std::size_t key(std::size_t column) const {
    return (column / 2 * KvCache::kPageTokens + slot) * 2 + column % 2;
  }
  [[nodiscard]] std::size_t value(std::size_t column) const {
    return (slot / 2 * columns + column) * 2 + slot % 2;
  }
};

void store_halves(const Place& place, const KvCache::Entry& entry, const kernels::Table& table,
                  std::byte* page) {
  constexpr std::size_t kPiece = 64;  // converted at a time
  auto* const keys = reinterpret_cast<kernels::Half*>(page);
  kernels::Half* const values = keys + place.columns * KvCache::kPageTokens;
  for (std::size_t begin = 0; begin < place.head_dim; begin += kPiece) {
    const std::size_t count = std::min(kPiece, place.head_dim - begin);
    kernels::Half key[kPiece];
    kernels::Half value[kPiece];
    table.f32_to_f16(entry.key + begin, count, key);
    table.f32_to_f16(entry.value + begin, count, value);
    for (std::size_t i = 0; i < count; ++i) {
      keys[place.key(begin + i)] = key[i];
      values[place.value(begin + i)] = value[i];
    }
  }
}

void store_bytes(const Place& place, const KvCache::Entry& entry, const kernels::Table& table,
                 std::byte* page) {
  constexpr std::size_t kTokens = KvCache::kPageTokens;
  const std::size_t blocks = kernels::attention_blocks(place.columns);
  auto* const keys = reinterpret_cast<std::int8_t*>(page);
  std::int8_t* const values = keys + place.columns * kTokens;
  auto* const key_scales = reinterpret_cast<kernels::Half*>(values + place.columns * kTokens);
  kernels::Half* const value_scales = key_scales + blocks * kTokens;
  for (std::size_t begin = 0; begin < place.head_dim; begin += kernels::kAttentionBlockColumns) {
    const std::size_t count = std::min(kernels::kAttentionBlockColumns, place.head_dim - begin);
    const Block key = quantize(entry.key + begin, count, table);
    const Block value = quantize(entry.value + begin, count, table);
    const std::size_t block = begin / kernels::kAttentionBlockColumns;
    key_scales[block * kTokens + place.slot] = key.scale;
    value_scales[(place.slot / 2 * blocks + block) * 2 + place.slot % 2] = value.scale;
    for (std::size_t i = 0; i < count; ++i) {
      keys[place.key(begin + i)] = key.values[i];
      values[place.value(begin + i)] = value.values[i];
    }
  }
}

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
  // A head wider than any file's would overflow the sum that rounds it up.
  if (head_dim > kHeadDimMax) return kUncountable;
  std::size_t product = page_head_bytes(*this);
  for (const std::size_t factor : {layers, kv_heads, pages()})
    if (__builtin_mul_overflow(product, factor, &product)) return kUncountable;
  return product;
}

KvCache::KvCache(const KvShape& shape)
    : shape_(shape),
      columns_(kernels::attention_columns(shape.head_dim)),
      head_bytes_(page_head_bytes(shape)),
      pages_count_(shape.pages()),
      pages_(shape.sequences_max),
      holders_(pages_count_, 0) {
  // The operating system hands out zeros, and only as they are touched.
  std::size_t space = shape.bytes() + kAlignment;
  memory_.reset(std::calloc(space, 1));
  CHECK(memory_ != nullptr);
  void* start = memory_.get();
  CHECK(std::align(kAlignment, shape.bytes(), start, space) != nullptr);
  data_ = static_cast<std::byte*>(start);
  free_pages_.reserve(pages_count_);
  for (std::size_t i = pages_count_; i > 0; --i)
    free_pages_.push_back(static_cast<PageIndex>(i - 1));
}

PageIndex KvCache::take_free_page() {
  CHECK(!free_pages_.empty());
  const PageIndex page = free_pages_.back();
  free_pages_.pop_back();
  holders_[page] = 1;
  // Attention multiplies values that nobody stored yet by a weight of zero: they must be numbers,
  // and not what another sequence left behind.
  for (std::size_t layer = 0; layer < shape_.layers; ++layer)
    std::memset(page_of(layer, page, 0), 0, shape_.kv_heads * head_bytes_);
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
  for (std::size_t layer = 0; layer < shape_.layers; ++layer)
    std::memcpy(page_of(layer, to, 0), page_of(layer, from, 0), shape_.kv_heads * head_bytes_);
}

kernels::QuantizedAttentionPage KvCache::quantized_page(std::size_t layer, SequenceIndex sequence,
                                                        std::size_t index,
                                                        std::size_t kv_head) const {
  const std::byte* const at = page_of(layer, pages_[sequence][index], kv_head);
  const std::size_t elements = columns_ * kPageTokens;
  const auto* const scales = reinterpret_cast<const kernels::Half*>(at + 2 * elements);
  return {.keys = reinterpret_cast<const std::int8_t*>(at),
          .values = reinterpret_cast<const std::int8_t*>(at + elements),
          .key_scales = scales,
          .value_scales = scales + kernels::attention_blocks(columns_) * kPageTokens};
}

void KvCache::store(std::size_t layer, SequenceIndex sequence, std::size_t position,
                    std::size_t kv_head, const Entry& entry, const kernels::Table& table) {
  std::byte* const page = page_of(layer, pages_[sequence][position / kPageTokens], kv_head);
  const Place place{
      .slot = position % kPageTokens, .columns = columns_, .head_dim = shape_.head_dim};
  if (shape_.type == KvType::kF16)
    store_halves(place, entry, table, page);
  else
    store_bytes(place, entry, table, page);
}

std::size_t KvCache::pages_in_use() const { return pages_count_ - free_pages_.size(); }

}  // namespace nearside::model
