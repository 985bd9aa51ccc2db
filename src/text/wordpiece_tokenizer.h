// WordPiece ("bert" vocabularies): words cut greedily into the longest known pieces.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "text/special_splitter.h"
#include "text/token_table.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace nearside::text {

/// Spellings in model files: U+2581 before a piece that starts a word, nothing before one that goes
/// on. Text is normalized (lower case, no accents) unless the file says otherwise, so decoding
/// gives a readable text, not the original.
/// Source: Devlin et al., BERT, tokenization.py.
class WordPieceTokenizer final : public Tokenizer {
 public:
  /// bos() is [CLS], eos() is [SEP]. Errors: kCorrupt (no unknown token).
  static base::Result<std::unique_ptr<Tokenizer>> create(const gguf::File& file,
                                                         Vocabulary vocabulary);

  using Tokenizer::encode;
  void encode(std::string_view text, Special special, std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string decode(TokenId token, bool with_special) const override;
  [[nodiscard]] std::string with_breaks(std::string_view text) const override {
    return splitter_.with_breaks(text);
  }

 private:
  base::Status build_tables(const Vocabulary& vocabulary);
  /// `word` starts with U+2581.
  void encode_word(std::string_view word, std::vector<TokenId>& out) const;

  SpecialSplitter splitter_;
  std::vector<std::string> bytes_;  // by token: what it decodes to
  std::vector<bool> hidden_;        // by token: control or unknown
  std::vector<std::string> texts_;  // by token: what it matches; by_text_ views it
  TokenTable by_text_;
  std::size_t text_bytes_max_ = 0;
  TokenId unknown_ = -1;
  bool lower_case_ = true;
  bool strip_accents_ = true;
};

}  // namespace nearside::text
