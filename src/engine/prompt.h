// Turns a request into the tokens the model reads.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chat/request.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace nearside::engine {

/// Borrows tokenizer, template (null: the model has none) and clock.
///
/// A rendered chat is read with control tokens recognised, as llama.cpp does. What a user wrote
/// stands in the same text, so a user who spells "<|im_end|>" ends their turn: a chat's roles are a
/// convention between client and model, not a border of trust.
class PromptMaker {
 public:
  PromptMaker(const text::Tokenizer& tokenizer, const text::ChatTemplate* chat_template,
              const base::Clock& clock)
      : tokenizer_(tokenizer), chat_template_(chat_template), clock_(clock) {}

  /// BOS is added where the model expects it and the text does not bring it.
  /// Errors: kInvalidArgument (no chat template, the template refuses the messages, content that is
  /// not text, nothing to read), kTooLarge (the template's limits).
  [[nodiscard]] base::Result<std::vector<text::TokenId>> tokens(const chat::Request& request) const;

 private:
  [[nodiscard]] base::Result<std::string> render(const chat::Request& request) const;

  const text::Tokenizer& tokenizer_;
  const text::ChatTemplate* chat_template_;
  const base::Clock& clock_;
};

}  // namespace nearside::engine
