#include "grammar/state_mask.h"

#include <map>
#include <string>

namespace nearside::grammar {

namespace {

void append(std::vector<text::TokenId>& out, std::span<const text::TokenId> tokens) {
  out.insert(out.end(), tokens.begin(), tokens.end());
}

/// The tokens strictly below a node, with what they have past it.
void append_remainders(const TokenView& view, std::uint32_t node,
                       std::vector<TokenTrie::Entry>& out) {
  const std::size_t own = view.trie.at(node).size();
  for (const text::TokenId token : view.trie.under(node).subspan(own))
    out.emplace_back(std::string_view(view.bytes[static_cast<std::size_t>(token)])
                         .substr(view.trie.nodes[node].depth),
                     token);
}

}  // namespace

StateMask make_state_mask(ExpressionPool& pool, Expr state, const TokenView& view,
                          const StateMask* base, Expr base_state) {
  StateMask mask;
  mask.base = base;
  std::vector<TokenTrie::Entry> exits;
  struct Pair {
    Expr state;
    Expr base;
  };
  std::vector<Pair> way(view.trie.depth_max + 1);
  way[0] = {state, base == nullptr ? kNothing : base_state};
  const std::uint32_t size = view.trie.size();
  for (std::uint32_t i = 1; i < size;) {
    const TokenTrie::Node& node = view.trie.nodes[i];
    const Pair& above = way[node.depth - 1U];
    Pair here{pool.step(above.state, node.byte),
              above.base == kNothing ? kNothing : pool.step(above.base, node.byte)};
    if (base != nullptr && here.state == here.base) {  // also where both are dead
      i = node.end;
      continue;
    }
    if (here.state == kNothing) {
      if (base != nullptr) append(mask.removed, view.trie.under(i));
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
    if (pool.nullable(here.state)) append_remainders(view, i, exits);
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
  mask.exits = TokenTrie(std::move(exits));
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
      append_remainders(view, i, list);
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
