#include "grammar/state_mask.h"

#include <map>
#include <string>

namespace nearside::grammar {

namespace {

void append(std::vector<text::TokenId>& out, std::span<const text::TokenId> tokens) {
  out.insert(out.end(), tokens.begin(), tokens.end());
}

/// Past so many, their subtrees have much in common, and a tree of remainders is smaller.
constexpr std::size_t kExitNodesMax = 48;

bool goes_on(const TokenTrie& trie, std::uint32_t node, const ByteSet& follow) {
  for (std::uint32_t child = node + 1; child < trie.nodes[node].end; child = trie.nodes[child].end)
    if (follow.has(trie.nodes[child].byte)) return true;
  return false;
}

/// The tokens strictly below a node, with what they have past it.
void append_remainders(const TokenView& view, std::uint32_t node, const ByteSet& follow,
                       std::vector<TokenTrie::Entry>& out) {
  const std::size_t depth = view.trie.nodes[node].depth;
  for (std::uint32_t child = node + 1; child < view.trie.nodes[node].end;
       child = view.trie.nodes[child].end) {
    if (!follow.has(view.trie.nodes[child].byte)) continue;
    for (const text::TokenId token : view.trie.under(child))
      out.emplace_back(std::string_view(view.bytes[static_cast<std::size_t>(token)]).substr(depth),
                       token);
  }
}

}  // namespace

StateMask make_state_mask(ExpressionPool& pool, Expr state, const TokenView& view,
                          const ByteSet& follow, const KnownMask& base) {
  StateMask mask;
  mask.base = base.mask;
  struct Pair {
    Expr state;
    Expr base;
  };
  std::vector<Pair> way(view.trie.depth_max + 1);
  way[0] = {state, base.state};
  const std::uint32_t size = view.trie.size();
  for (std::uint32_t i = 1; i < size;) {
    const TokenTrie::Node& node = view.trie.nodes[i];
    const Pair& above = way[node.depth - 1U];
    Pair here{pool.step(above.state, node.byte),
              above.base == kNothing ? kNothing : pool.step(above.base, node.byte)};
    if (base.mask != nullptr && here.state == here.base) {  // also where both are dead
      i = node.end;
      continue;
    }
    if (here.state == kNothing) {
      if (base.mask != nullptr) append(mask.removed, view.trie.under(i));
      i = node.end;
      continue;
    }
    if (here.base != kNothing) {
      if (pool.nullable(here.base)) {
        append(mask.removed, view.trie.under(i));
        here.base = kNothing;
      } else {
        append(mask.removed, view.trie.at(i));
      }
    }
    append(mask.sparse, view.trie.at(i));
    if (pool.nullable(here.state) && goes_on(view.trie, i, follow)) mask.exit_nodes.push_back(i);
    way[node.depth] = here;
    ++i;
  }
  const std::size_t words = (view.bytes.size() + 31) / 32;
  if (mask.sparse.size() > words) {
    mask.dense.resize(words);
    for (const text::TokenId token : mask.sparse) set_bit(mask.dense, token);
    mask.sparse.clear();
  }
  mask.sparse.shrink_to_fit();
  if (mask.exit_nodes.size() > kExitNodesMax) {
    std::vector<TokenTrie::Entry> exits;
    for (const std::uint32_t node : mask.exit_nodes) append_remainders(view, node, follow, exits);
    mask.exits = TokenTrie(std::move(exits));
    mask.exit_nodes.clear();
  }
  mask.exit_nodes.shrink_to_fit();
  return mask;
}

StringSlices StringSlices::make(ExpressionPool& pool, Expr body, const TokenView& view) {
  StringSlices slices;
  const std::size_t words = (view.bytes.size() + 31) / 32;
  slices.inside.assign(kCharactersMax + 1, std::vector<std::uint32_t>(words));
  std::map<std::uint32_t, std::vector<TokenTrie::Entry>> exits;
  struct Place {
    Expr state;
    std::uint32_t characters;  // begun
  };
  std::vector<Place> way(view.trie.depth_max + 1);
  way[0] = {body, 0};
  const std::uint32_t size = view.trie.size();
  for (std::uint32_t i = 1; i < size;) {
    const TokenTrie::Node& node = view.trie.nodes[i];
    const Place above = way[node.depth - 1U];
    const Expr next = pool.step(above.state, node.byte);
    if (next == kEmpty) {  // the closing quote
      std::vector<TokenTrie::Entry>& list = exits[above.characters];
      for (const text::TokenId token : view.trie.at(i)) list.emplace_back("", token);
      append_remainders(view, i, ByteSet::range(0, 255), list);
    }
    if (next == kNothing || next == kEmpty) {
      i = node.end;
      continue;
    }
    const Place here{next, above.characters + (above.state == body ? 1U : 0U)};
    for (const text::TokenId token : view.trie.at(i)) {
      if (here.characters <= kCharactersMax)
        set_bit(slices.inside[here.characters], token);
      else
        slices.longer.emplace_back(here.characters, token);
    }
    way[node.depth] = here;
    ++i;
  }
  for (std::uint32_t i = 1; i <= kCharactersMax; ++i)
    add_mask(slices.inside[i], slices.inside[i - 1]);
  for (auto& [characters, entries] : exits)
    slices.exits.emplace_back(characters, TokenTrie(std::move(entries)));
  return slices;
}

}  // namespace nearside::grammar
