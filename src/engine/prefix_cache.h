// Prefixes that earlier requests computed, so that a prompt that begins alike is not computed
// again.
//
// A tree of pages: a node is one page of keys and values, found below its parent by the tokens that
// it holds. The whole path is compared, token by token, so that no hash decides whose keys a
// request reads. Each space has a tree of its own: how fast an answer comes says nothing about what
// another tenant has asked.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"
#include "model/kv_cache.h"

namespace nearside::engine {

/// Not thread-safe.
class PrefixCache {
 public:
  /// Retains at most `pages_max` pages of `cache`, which outlives it; 0: keeps nothing.
  PrefixCache(model::KvCache& cache, std::size_t pages_max);
  ~PrefixCache();
  PrefixCache(const PrefixCache&) = delete;
  PrefixCache& operator=(const PrefixCache&) = delete;

  struct Found {
    std::vector<model::PageIndex> pages;
    std::size_t tokens = 0;  // stored in them; of the last page perhaps only a part is meant
  };
  /// The longest known beginning of `tokens` in that space. The pages are valid until keep().
  Found find(std::string_view space, std::span<const model::TokenId> tokens);
  /// Retains the pages that `tokens` fill and that are not known yet; lets go of the least recently
  /// used ones for it, deepest first. REQUIRES: pages hold the keys and values of `tokens`.
  void keep(std::string_view space, std::span<const model::TokenId> tokens,
            std::span<const model::PageIndex> pages);
  [[nodiscard]] std::size_t pages() const { return recent_.size(); }

 private:
  static constexpr std::size_t kPageTokens = model::KvCache::kPageTokens;
  /// Copying a page in part costs as much as computing a few tokens; below this it is not worth it.
  static constexpr std::size_t kPartTokensMin = 8;
  using PageTokens = std::array<model::TokenId, kPageTokens>;

  struct Node {
    Node* parent = nullptr;
    const PageTokens* tokens = nullptr;  // the key below the parent
    model::PageIndex page = 0;
    std::map<PageTokens, Node> children{};
    std::list<Node*>::iterator recent{};
  };

  void touch(Node& node) { recent_.splice(recent_.begin(), recent_, node.recent); }
  /// From the deepest to the first: a parent is always more recent than its children, so that the
  /// least recent node has none.
  void touch_path(Node* node);
  void forget_oldest();

  model::KvCache& cache_;
  std::size_t pages_max_;
  std::map<std::string, Node, std::less<>> spaces_;  // roots, which hold no page
  std::list<Node*> recent_;                          // most recent first; no roots
};

}  // namespace nearside::engine
