// Turns a request into the tokens the model reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chat/request.h"
#include "engine/reasoning.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace nearside::engine {

struct Prompt {
  std::string text;
  std::vector<text::TokenId> tokens;
};

/// Which tools the model is told of: those of the request, the one that tool_choice names, or none.
[[nodiscard]] base::json::array offered_tools(const chat::Request& request);
/// Of OpenAI tool objects.
[[nodiscard]] std::vector<std::string> tool_names(const base::json::array& tools);

/// Borrows tokenizer, template (null: the model has none) and clock.
///
/// A rendered chat is read with control tokens recognised. What messages, tools and variables say
/// stands in the same text and is text, whatever it spells: a user who writes "<|im_end|>" does not
/// end their turn (Tokenizer::with_breaks). A plain completion is the client's own, control tokens
/// included.
class PromptMaker {
 public:
  /// `template_knows_tools`: it renders them itself. Where it does not, the first message tells of
  /// them and asks for calls as hermes spells them (tool_calls_hermes.cc).
  PromptMaker(const text::Tokenizer& tokenizer, const text::ChatTemplate* chat_template,
              bool template_knows_tools, const base::Clock& clock)
      : tokenizer_(tokenizer),
        chat_template_(chat_template),
        template_knows_tools_(template_knows_tools),
        clock_(clock) {}

  /// BOS is added where the model expects it and the text does not bring it.
  /// Errors: kInvalidArgument (no chat template, the template refuses the messages, content that is
  /// not text, nothing to read), kTooLarge (the template's limits).
  /// `begun`: what the answer begins with, written for the model; thoughts that the template has
  /// opened (`reasoning`, or null) are closed before it.
  [[nodiscard]] base::Result<Prompt> make(const chat::Request& request, std::string_view begun,
                                          const ReasoningMarkers* reasoning) const;

 private:
  [[nodiscard]] base::Result<std::string> render(const chat::Request& request) const;

  const text::Tokenizer& tokenizer_;
  const text::ChatTemplate* chat_template_;
  const bool template_knows_tools_;
  const base::Clock& clock_;
};

}  // namespace nearside::engine
