// Text to token ids and back, as the model's own vocabulary says.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"

namespace nearside::text {

using TokenId = std::int32_t;
struct Vocabulary;

/// Immutable after creation; thread-safe. Implementations: bpe_tokenizer.h (byte-level BPE),
/// spm_tokenizer.h (SentencePiece), wordpiece_tokenizer.h. Invalid UTF-8 is tokenized (each bad
/// byte as U+FFFD or its byte token), never refused. Encoding costs about O(n log n) steps for n
/// bytes whatever the text.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Reads the `tokenizer.ggml.*` metadata. Errors: kCorrupt (missing or inconsistent arrays),
  /// kUnsupported (kind or pre-tokenizer we do not know, named in the message), kTooLarge (bounds
  /// in vocabulary.h).
  static base::Result<std::unique_ptr<Tokenizer>> from_gguf(const gguf::File& file);

  enum class Special {
    kIgnore,  // "<|im_end|>" in the text is plain text: for anything a user wrote
    kParse,   // control tokens written out in the text become those tokens: for rendered templates
  };
  /// In a text read with kParse: no control token lies across this character, which itself is
  /// dropped. U+FDD0, which Unicode keeps free for a program's own use.
  static constexpr std::string_view kBreak = "\xEF\xB7\x90";
  /// What a user wrote, to be put into a chat template: with breaks wherever it could be read as a
  /// control token, alone or together with what stands before and behind it. All other text comes
  /// back as it is. Breaks that it has itself are kept, and do no more than breaks do.
  [[nodiscard]] virtual std::string with_breaks(std::string_view text) const = 0;

  /// Appends the ids of `text` to `out`. No BOS or EOS is added; see special tokens below.
  virtual void encode(std::string_view text, Special special, std::vector<TokenId>& out) const = 0;

  /// The bytes a token stands for; may be part of a UTF-8 character. Control tokens give "" unless
  /// `with_special`; so do ids that the vocabulary does not have, always.
  [[nodiscard]] virtual std::string decode(TokenId token, bool with_special = false) const = 0;

  /// What `encode` made the tokens from: where a vocabulary puts a space before every text, that
  /// space is left out again.
  [[nodiscard]] std::string decode_all(std::span<const TokenId> tokens,
                                       bool with_special = false) const;
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            Special special = Special::kIgnore) const {
    std::vector<TokenId> out;
    encode(text, special, out);
    return out;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  /// -1 where the vocabulary has none.
  [[nodiscard]] TokenId bos() const { return bos_; }
  [[nodiscard]] TokenId eos() const { return eos_; }
  /// Whether the model expects BOS before / EOS after a text that brings none.
  [[nodiscard]] bool add_bos() const { return add_bos_; }
  [[nodiscard]] bool add_eos() const { return add_eos_; }
  /// EOS, end of turn, end of message: every token that ends an answer.
  [[nodiscard]] bool ends_generation(TokenId token) const;
  /// The text of a token as the vocabulary spells it ("<|im_end|>", "▁the").
  /// REQUIRES: 0 <= token < size().
  [[nodiscard]] std::string_view spelling(TokenId token) const {
    return spellings_[static_cast<std::size_t>(token)];
  }

 protected:
  /// Takes the vocabulary's spellings and special ids.
  void adopt(Vocabulary&& vocabulary);

  std::size_t size_ = 0;
  TokenId bos_ = -1;
  TokenId eos_ = -1;
  bool add_bos_ = false;
  bool add_eos_ = false;
  bool space_before_text_ = false;
  std::vector<TokenId> end_tokens_;
  std::vector<std::string> spellings_;
};

}  // namespace nearside::text
