// Which tokens may come in a state of a terminal, as far as the terminal alone can tell.
//
// From a state inside a terminal, a token either breaks it, stays within it, or goes past its end.
// The first two are the same wherever the terminal is used, so they are worked out once for a
// state. The third depends on what follows: those tokens are kept in a tree of their remainders
// after the terminal's end ("`",` and `abc",` and `x",` all leave `,`), which is small and is
// walked with whatever follows. (The split into context-independent and context-dependent tokens is
// that of Dong et al., "XGrammar", 2024; the tree of remainders is ours.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "grammar/expression.h"
#include "grammar/token_trie.h"

namespace nearside::grammar {

struct StateMask {
  std::vector<std::uint32_t> dense;   // tokens that stay within, as a mask; or empty
  std::vector<text::TokenId> sparse;  // the same, as a list
  // Nodes of the vocabulary's tree where the end is reached, if they are few; else:
  std::vector<std::uint32_t> exit_nodes;
  TokenTrie exits;                     // remainders of tokens that go past the end
  const StateMask* base = nullptr;     // all of it holds too,
  std::vector<text::TokenId> removed;  // but not for these tokens

  [[nodiscard]] std::size_t size_bytes() const {
    return dense.size() * 4 + (sparse.size() + removed.size()) * 4 + exits.nodes.size() * 12 +
           exits.tokens.size() * 4 + sizeof(StateMask);
  }
};

/// The vocabulary as a state mask sees it.
struct TokenView {
  const TokenTrie& trie;
  std::span<const std::string> bytes;  // by token
};

/// What is already known of another state.
struct KnownMask {
  const StateMask* mask = nullptr;
  Expr state = kNothing;
};

/// Walks the vocabulary as far as the state goes. Exits are kept only where one of the bytes in
/// `follow` comes next. With `base`, whose mask has at least the same exits, only that part is
/// walked where the two states differ: a string but for some names is nearly a string.
StateMask make_state_mask(ExpressionPool& pool, Expr state, const TokenView& view,
                          const ByteSet& follow, const KnownMask& base = {});

/// Tokens seen from inside a JSON string, by how many characters they begin: with these the mask of
/// a string of bounded length needs no walk.
struct StringSlices {
  static constexpr std::uint32_t kCharactersMax = 32;  // longer tokens are rare, and listed

  /// inside[c]: tokens that stay within and begin at most c characters.
  std::vector<std::vector<std::uint32_t>> inside;
  std::vector<std::pair<std::uint32_t, text::TokenId>> longer;
  /// Tokens that close the string after exactly `first` characters, by what follows the quote.
  std::vector<std::pair<std::uint32_t, TokenTrie>> exits;

  static StringSlices make(ExpressionPool& pool, Expr body, const TokenView& view);
};

inline void set_bit(std::span<std::uint32_t> mask, text::TokenId token) {
  mask[static_cast<std::size_t>(token) / 32] |= 1U << (static_cast<unsigned>(token) % 32);
}
inline void clear_bit(std::span<std::uint32_t> mask, text::TokenId token) {
  mask[static_cast<std::size_t>(token) / 32] &= ~(1U << (static_cast<unsigned>(token) % 32));
}
inline void add_mask(std::span<std::uint32_t> mask, std::span<const std::uint32_t> other) {
  for (std::size_t i = 0; i < other.size(); ++i) mask[i] |= other[i];
}

}  // namespace nearside::grammar
