#include "policy/ask.h"

#include "policy/language.h"

namespace nearside::policy {

std::size_t estimate_tokens(const Conversation& conversation, std::string_view language) {
  constexpr std::size_t kRoleTokens = 4;
  const std::size_t bytes_per_token = language == "en" ? 4 : 3;
  return conversation.text_bytes() / bytes_per_token +
         conversation.documents().size() * kRoleTokens;
}

Ask make_ask(const Conversation& conversation, Label label,
             std::optional<std::size_t> completion_tokens_max) {
  Ask ask;
  ask.label = std::move(label);
  ask.language = guess_language(conversation);
  ask.prompt_tokens = estimate_tokens(conversation, ask.language);
  ask.completion_tokens_max = completion_tokens_max;
  ask.completion_tokens = completion_tokens_max.value_or(Ask::kCompletionTokensGuess);
  return ask;
}

}  // namespace nearside::policy
