// The `tokenizer.ggml.*` metadata of a model file, read and checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "text/tokenizer.h"

namespace nearside::text {

/// Source: GGUF document, tokenizer.ggml.token_type.
enum class TokenType : std::uint8_t {
  kUndefined = 0,
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

/// Bounds: real vocabularies have up to 300,000 tokens, the longest of a few hundred bytes.
inline constexpr std::size_t kTokensMax = 4U << 20;
inline constexpr std::size_t kTokenBytesMax = 4096;

struct Vocabulary {
  std::vector<std::string> spellings;
  std::vector<TokenType> types;     // as long as spellings
  std::vector<float> scores;        // as long as spellings, or empty where the file has none
  std::vector<TokenId> end_tokens;  // see Tokenizer::ends_generation
  TokenId bos = -1;                 // [CLS] where the vocabulary has that instead
  TokenId eos = -1;                 // [SEP]
  TokenId unknown = -1;

  /// Errors: kCorrupt (no tokens, arrays of different lengths, a type or id out of range, a text
  /// that two tokens share), kTooLarge (more or longer tokens than the bounds).
  static base::Result<Vocabulary> read(const gguf::File& file);

  [[nodiscard]] bool is(TokenId token, TokenType type) const {
    return types[static_cast<std::size_t>(token)] == type;
  }
  /// Control and unknown tokens: never made from text that a user wrote.
  [[nodiscard]] bool is_special(TokenId token) const {
    return is(token, TokenType::kControl) || is(token, TokenType::kUnknown);
  }
};

}  // namespace nearside::text
