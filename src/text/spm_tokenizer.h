// SentencePiece BPE ("llama" vocabularies, gemma's too): pieces merged by score, unknown characters
// as byte tokens.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "text/special_splitter.h"
#include "text/spm_merger.h"
#include "text/token_table.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace nearside::text {

/// Round trip: decode_all(encode(text)) is `text`, bad bytes included, where the vocabulary has all
/// 256 byte tokens and `text` has no U+2581 (the character that stands for a space).
class SpmTokenizer final : public Tokenizer {
 public:
  /// Errors: kCorrupt (no scores, a byte token that spells no byte).
  static base::Result<std::unique_ptr<Tokenizer>> create(const gguf::File& file,
                                                         Vocabulary vocabulary);

  using Tokenizer::encode;
  void encode(std::string_view text, Special special, std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string decode(TokenId token, bool with_special) const override;
  [[nodiscard]] std::string with_breaks(std::string_view text) const override {
    return splitter_.with_breaks(text);
  }

 private:
  base::Status build_tables(Vocabulary& vocabulary);
  /// `text` has U+2581 for its spaces.
  void encode_escaped(std::string_view text, std::vector<TokenId>& out) const;
  void encode_word(std::string_view word, std::vector<TokenId>& out) const;

  SpecialSplitter splitter_;
  std::vector<std::string> bytes_;  // by token: what it decodes to
  std::vector<bool> hidden_;        // by token: control or unknown
  std::vector<float> scores_;       // by token
  std::vector<std::string> texts_;  // by token: what it matches; by_text_ views it
  TokenTable by_text_;
  std::size_t text_bytes_max_ = 0;
  std::array<TokenId, 256> byte_tokens_{};  // -1 where the vocabulary lacks the byte
  TokenId unknown_ = -1;
  /// No token has a space after something else, so words can be merged one by one.
  bool words_are_apart_ = false;
};

}  // namespace nearside::text
