// A model's way with text: its vocabulary and its chat template, and how chats become examples.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/writer.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"
#include "train/chat_record.h"
#include "train/example.h"

namespace nearside::train {

/// ChatML: <|im_start|>role, a line break, the content, <|im_end|> and a line break.
extern const char* const kDefaultChatTemplate;

/// Tokenizer and template, both as a model file holds them: what training reads is what inference
/// will read. Movable; thread-safe for reading.
class Language {
 public:
  /// Learns a vocabulary of at most `vocabulary_size` tokens from the rendered records.
  /// Errors: kInvalidArgument (template syntax, a vocabulary too small for the bytes), and what
  /// rendering a record gives, with its number.
  static base::Result<Language> learn(std::span<const ChatRecord> records,
                                      const std::string& chat_template,
                                      std::size_t vocabulary_size);
  /// Those of a model file. Errors: kNotFound (no chat template), and those of the tokenizer.
  static base::Result<Language> from_model(const gguf::File& file);

  /// Prompt, answer, and the token that ends it.
  /// Errors: kContextLength (longer than `context` tokens), and what rendering gives; both with the
  /// record's number.
  [[nodiscard]] base::Result<std::vector<Example>> encode(std::span<const ChatRecord> records,
                                                          std::size_t context) const;

  [[nodiscard]] const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  /// Adds the `tokenizer.` keys.
  void describe(gguf::Writer& writer) const;

 private:
  Language(std::string keys, text::ChatTemplate parsed);
  base::Status read_keys();

  std::string keys_;  // a GGUF file of the `tokenizer.` keys alone
  text::ChatTemplate template_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
};

}  // namespace nearside::train
