// Keys and values of every token the sequences have seen, in half precision or 8 bits.
//
// Memory is cut into pages of kPageTokens positions. A sequence holds a list of pages and grows by
// one page at a time, so short sequences take little and a finished one gives all back. A page may
// be held several times: by sequences that begin alike, and by whoever keeps prefixes for later
// ones. It is free again when nobody holds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "kernels/attention.h"

namespace nearside::kernels {
struct Table;
}

namespace nearside::model {

using SequenceIndex = std::uint32_t;
using PageIndex = std::uint32_t;

enum class KvType : std::uint8_t {
  kF16,
  kQ8_0,  // blocks of 32 columns with a scale: 53 % of the bytes
};

/// What a cache must hold. Memory is reserved at once but touched only as pages are used.
struct KvShape {
  std::size_t layers = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  std::size_t sequences_max = 0;
  std::size_t context_tokens_max = 0;  // of one sequence
  /// Beyond those of sequences_max full sequences: what may be retained with reserve() never short.
  std::size_t retained_pages_max = 0;
  KvType type = KvType::kF16;

  [[nodiscard]] std::size_t pages() const;
  /// What a cache of this shape reserves; the greatest number there is where it cannot be counted.
  [[nodiscard]] std::size_t bytes() const;
};

/// Not thread-safe except that different positions may be stored at the same time, and read.
class KvCache {
 public:
  /// 64 positions of one head (64 columns) are 8 KiB of keys: long enough to stream, short enough
  /// that a sequence wastes little.
  static constexpr std::size_t kPageTokens = kernels::kAttentionPageTokens;

  /// REQUIRES: as many bytes as shape.bytes() can be had; a hostile model may ask for too many.
  explicit KvCache(const KvShape& shape);

  /// Makes room for positions below `tokens`. REQUIRES: tokens <= context_tokens_max; pages_free()
  /// is enough, as it is while no more than retained_pages_max are held by nobody but retain().
  void reserve(SequenceIndex sequence, std::size_t tokens);
  /// Forgets every position of the sequence and lets go of its pages.
  void clear(SequenceIndex sequence);
  /// Forgets the positions at and after `tokens` (a rejected guess, a longer prefix than wanted).
  /// Where the last page left is in part forgotten and held by others too, the sequence gets a copy
  /// of its own, so that what it stores next is seen by nobody else. REQUIRES: tokens are reserved;
  /// a free page in the case of a copy.
  void truncate(SequenceIndex sequence, std::size_t tokens);

  /// The sequence's pages in order of position. Valid until it grows, shrinks or is cleared.
  [[nodiscard]] std::span<const PageIndex> pages(SequenceIndex sequence) const {
    return pages_.at(sequence);
  }
  /// Begins a sequence with pages that others hold: their positions count as stored. To begin with
  /// a part of the last page, truncate afterwards. REQUIRES: the sequence is empty; every page is
  /// held by somebody, filled, and never stored to while it is shared; no more than
  /// context_tokens_max.
  void adopt(SequenceIndex sequence, std::span<const PageIndex> pages);
  /// Holds pages beyond the life of the sequences that filled them. REQUIRES: held by somebody.
  void retain(std::span<const PageIndex> pages);
  /// Lets go of what retain() took, once for each time.
  void release(std::span<const PageIndex> pages);
  [[nodiscard]] std::size_t pages_free() const { return free_pages_.size(); }

  /// A position's key and value of one head. Shapes: [head_dim].
  struct Entry {
    const float* key = nullptr;
    const float* value = nullptr;
  };
  /// REQUIRES: the position is reserved.
  void store(std::size_t layer, SequenceIndex sequence, std::size_t position, std::size_t kv_head,
             const Entry& entry, const kernels::Table& table);

  /// What attention reads: one page of one head. REQUIRES: reserved; the type is kF16.
  [[nodiscard]] kernels::AttentionPage page(std::size_t layer, SequenceIndex sequence,
                                            std::size_t index, std::size_t kv_head) const {
    const auto* const at =
        reinterpret_cast<const kernels::Half*>(page_of(layer, pages_[sequence][index], kv_head));
    return {.keys = at, .values = at + columns_ * kPageTokens};
  }
  /// Likewise where the type is kQ8_0.
  [[nodiscard]] kernels::QuantizedAttentionPage quantized_page(std::size_t layer,
                                                               SequenceIndex sequence,
                                                               std::size_t index,
                                                               std::size_t kv_head) const;

  [[nodiscard]] const KvShape& shape() const { return shape_; }
  [[nodiscard]] std::size_t pages_in_use() const;

 private:
  [[nodiscard]] PageIndex take_free_page();
  void copy_page(PageIndex from, PageIndex to);
  /// A page's head: keys, then values, then, where there are any, scales of keys and of values.
  [[nodiscard]] std::byte* page_of(std::size_t layer, PageIndex page, std::size_t kv_head) const {
    return data_ + ((layer * pages_count_ + page) * shape_.kv_heads + kv_head) * head_bytes_;
  }

  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  KvShape shape_;
  std::size_t columns_ = 0;     // of a head, with the zeros that fill it up
  std::size_t head_bytes_ = 0;  // of a page
  std::size_t pages_count_ = 0;
  std::unique_ptr<void, Free> memory_;
  std::byte* data_ = nullptr;                  // [layer, page, kv_head, head_bytes_]
  std::vector<std::vector<PageIndex>> pages_;  // of each sequence, in order of position
  std::vector<std::uint32_t> holders_;         // of each page; 0: free
  std::vector<PageIndex> free_pages_;          // taken from the back: recently used, warm
};

}  // namespace nearside::model
