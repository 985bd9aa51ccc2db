// Byte strings with the tokens that they stand for, as a tree laid out in one array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "text/tokenizer.h"

namespace nearside::grammar {

/// Nodes lie in depth-first order, children by byte; node 0 is the root. Immutable.
struct TokenTrie {
  using Entry = std::pair<std::string_view, text::TokenId>;

  TokenTrie() = default;
  /// Strings may repeat; views are used during the call only.
  explicit TokenTrie(std::vector<Entry> entries);

  struct Node {
    std::uint32_t end = 0;           // the first node after this one's subtree
    std::uint32_t tokens_begin = 0;  // of this node; those of the subtree end where `end` begins
    std::uint16_t depth = 0;         // bytes from the root
    std::uint8_t byte = 0;
  };
  std::vector<Node> nodes;  // and one more at the end, for tokens_begin
  std::vector<text::TokenId> tokens;
  std::size_t depth_max = 0;

  [[nodiscard]] std::uint32_t size() const {
    return nodes.empty() ? 0 : static_cast<std::uint32_t>(nodes.size() - 1);
  }
  [[nodiscard]] std::span<const text::TokenId> at(std::uint32_t node) const {
    return std::span(tokens).subspan(nodes[node].tokens_begin,
                                     nodes[node + 1].tokens_begin - nodes[node].tokens_begin);
  }
  /// Tokens of the node and all below it.
  [[nodiscard]] std::span<const text::TokenId> under(std::uint32_t node) const {
    const std::uint32_t begin = nodes[node].tokens_begin;
    return std::span(tokens).subspan(begin, nodes[nodes[node].end].tokens_begin - begin);
  }
};

}  // namespace nearside::grammar
