// Byte-level BPE: text is cut into words, words into bytes, and neighbours merged by rank.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "text/merge_table.h"
#include "text/pre_tokenizer.h"
#include "text/special_splitter.h"
#include "text/token_table.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace nearside::text {

/// Round trip: decode_all(encode(text)) is `text` where it is valid UTF-8; bad bytes come back as
/// U+FFFD.
class BpeTokenizer final : public Tokenizer {
 public:
  /// Errors: kCorrupt (merges missing or not of two tokens each that make a third), kUnsupported (a
  /// pre-tokenizer we do not know).
  static base::Result<std::unique_ptr<Tokenizer>> create(const gguf::File& file,
                                                         Vocabulary vocabulary);

  using Tokenizer::encode;
  void encode(std::string_view text, Special special, std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string decode(TokenId token, bool with_special) const override;
  [[nodiscard]] std::string with_breaks(std::string_view text) const override {
    return splitter_.with_breaks(text);
  }

 private:
  base::Status build_tables(const gguf::File& file, const Vocabulary& vocabulary);
  void build_bytes(const Vocabulary& vocabulary, const TokenTable& by_spelling);
  /// Finds the tokens that their own bytes merge to, so that encode need not merge them again.
  void find_whole_tokens();
  void encode_plain(std::string_view text, std::vector<TokenId>& out) const;
  /// Fills `symbols` with the tokens of a word's bytes.
  void spell(std::string_view word, std::vector<TokenId>& symbols) const;

  const PreTokenizer* pre_tokenizer_ = nullptr;
  SpecialSplitter splitter_;
  MergeTable merges_;
  std::vector<std::string> bytes_;          // by token: what it decodes to
  std::vector<bool> hidden_;                // by token: control or unknown
  TokenTable by_bytes_;                     // the tokens that text can become; views bytes_
  std::vector<bool> whole_;                 // by token
  std::array<TokenId, 256> byte_tokens_{};  // -1 where the vocabulary lacks the byte
};

}  // namespace nearside::text
