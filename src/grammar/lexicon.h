// A vocabulary as bytes, prepared for masks: made once a model, shared by all its constraints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "grammar/json_text.h"
#include "grammar/state_mask.h"
#include "grammar/token_trie.h"
#include "text/tokenizer.h"

namespace nearside::grammar {

/// Immutable after creation; thread-safe.
class Lexicon {
 public:
  /// Takes about 100 ms for 128,000 tokens. Control tokens have no bytes: a constraint never allows
  /// them, but for those that end an answer. Errors: kUnsupported (no tokens with bytes).
  static base::Result<std::shared_ptr<const Lexicon>> create(const text::Tokenizer& tokenizer);
  /// For tests: token i stands for bytes[i] ("": a control token).
  static base::Result<std::shared_ptr<const Lexicon>> create(
      std::vector<std::string> bytes, const std::vector<text::TokenId>& end_tokens);

  [[nodiscard]] std::size_t token_count() const { return bytes_.size(); }
  /// 32-bit words of a mask.
  [[nodiscard]] std::size_t mask_words() const { return (bytes_.size() + 31) / 32; }
  /// "" for control tokens and for ids that the vocabulary does not have.
  [[nodiscard]] std::string_view bytes(text::TokenId token) const;
  [[nodiscard]] const std::vector<std::string>& all_bytes() const { return bytes_; }
  [[nodiscard]] bool ends_answer(text::TokenId token) const;
  [[nodiscard]] const std::vector<text::TokenId>& end_tokens() const { return end_tokens_; }

  [[nodiscard]] const TokenTrie& trie() const { return trie_; }
  /// The terminals of JSON, and the masks of their states: the same in all constraints.
  [[nodiscard]] const JsonText& json() const { return json_; }
  [[nodiscard]] const StringSlices& string_slices() const { return slices_; }
  /// The mask of a state that every constraint has (an Expr of json()'s pool), or null.
  [[nodiscard]] const StateMask* shared_mask(Expr state) const;

 private:
  Lexicon() = default;

  std::vector<std::string> bytes_;
  std::vector<bool> ends_;
  std::vector<text::TokenId> end_tokens_;
  TokenTrie trie_;
  JsonText json_;
  StringSlices slices_;
  std::vector<std::unique_ptr<StateMask>> shared_masks_;
};

}  // namespace nearside::grammar
