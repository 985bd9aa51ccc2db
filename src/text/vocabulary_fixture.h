// Small vocabularies of our own, for tests.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/writer.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace nearside::text {

/// What goes into a model file, to be bent before it is read.
struct VocabularyFixture {
  std::string model;
  std::string pre_tokenizer = "gpt-2";
  std::vector<std::string> tokens;
  std::vector<std::int32_t> types;
  std::vector<float> scores;
  std::vector<std::string> merges;
  gguf::Writer more;  // further keys

  TokenId add(std::string token, TokenType type = TokenType::kNormal, float score = 0) {
    tokens.push_back(std::move(token));
    types.push_back(static_cast<std::int32_t>(type));
    scores.push_back(score);
    return static_cast<TokenId>(tokens.size() - 1);
  }

  [[nodiscard]] base::Result<std::unique_ptr<Tokenizer>> read() const {
    gguf::Writer writer = more;
    if (!model.empty()) writer.add("tokenizer.ggml.model", model);
    if (model == "gpt2") writer.add("tokenizer.ggml.pre", pre_tokenizer);
    if (!tokens.empty()) writer.add("tokenizer.ggml.tokens", tokens);
    if (!types.empty()) writer.add("tokenizer.ggml.token_type", types);
    if (!scores.empty() && model == "llama") writer.add("tokenizer.ggml.scores", scores);
    if (!merges.empty()) writer.add("tokenizer.ggml.merges", merges);
    const std::string bytes = writer.to_bytes();
    const gguf::File file = TRY(gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "fixture"));
    return Tokenizer::from_gguf(file);
  }
  /// The error code, or kInternal where there is no error.
  [[nodiscard]] base::Code error() const {
    const auto tokenizer = read();
    return tokenizer ? base::Code::kInternal : tokenizer.error().code;
  }

  /// All 256 bytes, then a token for each merge, then <|end|> and <|im_end|> as control tokens and
  /// <note> as a user-defined one.
  static VocabularyFixture bpe(std::initializer_list<const char*> merges) {
    VocabularyFixture fixture;
    fixture.model = "gpt2";
    for (unsigned byte = 0; byte < 256; ++byte)
      fixture.add(std::string(byte_spelling(static_cast<std::uint8_t>(byte))));
    for (const std::string merge : merges) {
      fixture.merges.push_back(merge);
      const std::size_t space = merge.find(' ');
      fixture.add(merge.substr(0, space) + merge.substr(space + 1));
    }
    fixture.add("<|end|>", TokenType::kControl);
    fixture.add("<|im_end|>", TokenType::kControl);
    fixture.add("<note>", TokenType::kUserDefined);
    return fixture;
  }

  /// <unk>, <s>, </s>, the 256 byte tokens, then `pieces`, the first with the best score.
  static VocabularyFixture spm(std::initializer_list<const char*> pieces) {
    VocabularyFixture fixture;
    fixture.model = "llama";
    fixture.add("<unk>", TokenType::kUnknown);
    fixture.add("<s>", TokenType::kControl);
    fixture.add("</s>", TokenType::kControl);
    for (unsigned byte = 0; byte < 256; ++byte)
      fixture.add(fmt::format("<0x{:02X}>", byte), TokenType::kByte);
    for (const char* piece : pieces)
      fixture.add(piece, TokenType::kNormal, -static_cast<float>(fixture.tokens.size()));
    fixture.more.add("tokenizer.ggml.bos_token_id", std::uint32_t{1});
    fixture.more.add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
    return fixture;
  }

  /// [UNK], [CLS], [SEP], then `pieces`.
  static VocabularyFixture wordpiece(std::initializer_list<const char*> pieces) {
    VocabularyFixture fixture;
    fixture.model = "bert";
    fixture.add("[UNK]", TokenType::kUnknown);
    fixture.add("[CLS]", TokenType::kControl);
    fixture.add("[SEP]", TokenType::kControl);
    for (const char* piece : pieces) fixture.add(piece);
    fixture.more.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
    fixture.more.add("tokenizer.ggml.cls_token_id", std::uint32_t{1});
    fixture.more.add("tokenizer.ggml.seperator_token_id", std::uint32_t{2});
    return fixture;
  }
};

/// The tokens' spellings, parted by "|".
inline std::string spelled(const Tokenizer& tokenizer, std::string_view text,
                           Tokenizer::Special special = Tokenizer::Special::kIgnore) {
  std::string out;
  for (const TokenId token : tokenizer.encode(text, special)) {
    if (!out.empty()) out += '|';
    out += tokenizer.spelling(token);
  }
  return out;
}

}  // namespace nearside::text
