#include "engine/prefix_cache.h"

#include <algorithm>

namespace nearside::engine {

using model::PageIndex;
using model::TokenId;

PrefixCache::PrefixCache(model::KvCache& cache, std::size_t pages_max)
    : cache_(cache), pages_max_(pages_max) {}

PrefixCache::~PrefixCache() {
  while (!recent_.empty()) forget_oldest();
}

PrefixCache::Found PrefixCache::find(std::string_view space, std::span<const TokenId> tokens) {
  Found found;
  const auto root = spaces_.find(space);
  if (root == spaces_.end()) return found;
  Node* node = &root->second;
  while (tokens.size() >= kPageTokens) {
    PageTokens key;
    std::copy_n(tokens.begin(), kPageTokens, key.begin());
    const auto child = node->children.find(key);
    if (child == node->children.end()) break;
    node = &child->second;
    found.pages.push_back(node->page);
    found.tokens += kPageTokens;
    tokens = tokens.subspan(kPageTokens);
  }
  // Of all children one beside the place of the tokens shares most with them.
  Node* part = nullptr;
  std::size_t part_tokens = kPartTokensMin - 1;
  PageTokens key;
  key.fill(-1);  // before every token
  std::copy_n(tokens.begin(), std::min(tokens.size(), kPageTokens), key.begin());
  const auto measure = [&](std::map<PageTokens, Node>::iterator child) {
    const std::size_t most = std::min(tokens.size(), kPageTokens);
    const auto end = child->first.begin() + static_cast<std::ptrdiff_t>(most);
    const auto shared = static_cast<std::size_t>(
        std::mismatch(child->first.begin(), end, key.begin()).first - child->first.begin());
    if (shared <= part_tokens) return;
    part_tokens = shared;
    part = &child->second;
  };
  const auto next = node->children.lower_bound(key);
  if (next != node->children.end()) measure(next);
  if (next != node->children.begin()) measure(std::prev(next));
  if (part != nullptr) {
    found.pages.push_back(part->page);
    found.tokens += part_tokens;
    node = part;
  }
  touch_path(node);
  return found;
}

void PrefixCache::keep(std::string_view space, std::span<const TokenId> tokens,
                       std::span<const PageIndex> pages) {
  const std::size_t full = std::min(tokens.size() / kPageTokens, pages.size());
  if (pages_max_ == 0 || full == 0) return;
  Node* node = &spaces_.try_emplace(std::string(space)).first->second;
  std::size_t depth = 0;
  for (; depth < full; ++depth) {
    PageTokens key;
    std::copy_n(tokens.begin() + static_cast<std::ptrdiff_t>(depth * kPageTokens), kPageTokens,
                key.begin());
    auto child = node->children.find(key);
    if (child == node->children.end()) {
      if (depth >= pages_max_) break;  // all that is kept is this very path
      // The path so far is the most recent, so that it is not what goes.
      if (recent_.size() >= pages_max_) forget_oldest();
      child = node->children.try_emplace(key).first;
      Node& made = child->second;
      made.parent = node;
      made.tokens = &child->first;
      made.page = pages[depth];
      cache_.retain({&made.page, 1});
      recent_.push_front(&made);
      made.recent = recent_.begin();
    }
    node = &child->second;
    touch(*node);
  }
  touch_path(node);
}

void PrefixCache::touch_path(Node* node) {
  for (; node->parent != nullptr; node = node->parent) touch(*node);
}

void PrefixCache::forget_oldest() {
  Node* const node = recent_.back();
  recent_.pop_back();
  cache_.release({&node->page, 1});
  Node* const parent = node->parent;
  parent->children.erase(PageTokens(*node->tokens));
  if (parent->parent == nullptr && parent->children.empty())
    std::erase_if(spaces_, [parent](const auto& space) { return &space.second == parent; });
}

}  // namespace nearside::engine
