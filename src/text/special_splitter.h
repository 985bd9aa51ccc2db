// Finds special and user-defined tokens that are written out in a text.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace nearside::text {

/// Immutable; thread-safe. Splits at the leftmost match, the longest of those that start there, in
/// one pass over the text.
class SpecialSplitter {
 public:
  SpecialSplitter() = default;
  /// Takes the control, unknown and user-defined tokens. With `strip_after`, spaces after a token
  /// belong to it, which some models were trained with.
  explicit SpecialSplitter(const Vocabulary& vocabulary, bool strip_after = false);

  using OnText = std::function<void(std::string_view)>;
  using OnToken = std::function<void(TokenId)>;
  /// Calls back in the text's order. `on_text` never gets an empty text. User-defined tokens match
  /// in both modes, the others only where `special` is kParse.
  void split(std::string_view text, Tokenizer::Special special, const OnText& on_text,
             const OnToken& on_token) const;

  /// See Tokenizer::with_breaks. Costs what split() does, and a look at the first bytes of every
  /// control token.
  [[nodiscard]] std::string with_breaks(std::string_view text) const;

 private:
  struct Node {
    TokenId token = -1;
    bool is_special = false;
    std::vector<std::pair<char, std::uint32_t>> children;  // sorted by the byte
  };
  struct Match {
    TokenId token = -1;
    std::size_t bytes = 0;
  };
  void add(std::string_view spelling, TokenId token, bool is_special);
  [[nodiscard]] const Node* child(const Node& node, char byte) const;
  [[nodiscard]] Match match(std::string_view text, std::size_t at,
                            Tokenizer::Special special) const;

  std::vector<Node> nodes_ = {Node{}};  // a trie; the first is its root
  /// Whether a control token may have begun before `text`.
  [[nodiscard]] bool may_end_a_token(std::string_view text) const;

  std::vector<bool> strips_after_;     // by token; empty: none does
  std::vector<std::string> specials_;  // what control and unknown tokens are spelled as
};

}  // namespace nearside::text
